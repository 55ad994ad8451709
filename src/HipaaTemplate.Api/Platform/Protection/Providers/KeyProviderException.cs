namespace HipaaTemplate.Platform.Protection.Providers;

internal enum KeyProviderFault
{
    /// <summary>No answer, throttling, an error of the service: the same call may succeed later. What was unwrapped before may be used on.</summary>
    Unavailable,

    /// <summary>Disabled, pending deletion, deleted, access denied: somebody decided that this key is not to be used, and that takes effect at once.</summary>
    Refused,

    /// <summary>The wrapped key was not made for this context, was changed, or the answer is no key: a security event.</summary>
    NotAuthentic,
}

/// <summary>A key service did not do what was asked.</summary>
/// <param name="fault">What follows from it.</param>
/// <param name="reason">For the log: the service's own error code or ours; no key, no credential, no address.</param>
/// <param name="inner">Never logged with its text.</param>
internal sealed class KeyProviderException(KeyProviderFault fault, string reason, Exception? inner = null)
    : Exception($"The key provider failed ({fault}): {reason}", inner)
{
    public KeyProviderFault Fault => fault;

    public string Reason => reason;
}
