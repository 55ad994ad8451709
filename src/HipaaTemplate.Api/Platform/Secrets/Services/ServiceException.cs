using HipaaTemplate.Platform.Protection.Providers;

namespace HipaaTemplate.Platform.Secrets.Services;

internal enum ServiceFault
{
    /// <summary>No answer in time, throttled, sealed, broken: the same call may succeed later.</summary>
    Unavailable,

    /// <summary>The service understood and will not.</summary>
    Refused,

    /// <summary>It found what it was given to be changed, or answered what cannot be its answer.</summary>
    NotAuthentic,
}

/// <summary>A key or secret service did not do what was asked.</summary>
/// <param name="fault">What follows from it.</param>
/// <param name="reason">A word of ours for the log. The service's own text may quote what it was sent.</param>
/// <param name="inner">Never logged with its text.</param>
internal sealed class ServiceException(ServiceFault fault, string reason, Exception? inner = null) : Exception(reason, inner)
{
    public ServiceFault Fault => fault;

    public string Reason => Message;

    public KeyProviderException OfKeyProvider() => new(
        fault switch
        {
            ServiceFault.Refused => KeyProviderFault.Refused,
            ServiceFault.NotAuthentic => KeyProviderFault.NotAuthentic,
            _ => KeyProviderFault.Unavailable,
        },
        Message, this);

    public SecretSourceException OfSecretSource() => new(Message, this);
}
