using HipaaTemplate.Platform.Errors;

namespace HipaaTemplate.Platform.Protection;

/// <summary>Sealed data cannot be had; the caller is told the error and nothing else.</summary>
internal abstract class PhiException(Error error, string message, Exception? inner = null) : Exception(message, inner)
{
    public Error Error => error;
}

/// <summary>A value does not open under its own key in its own cell: it was changed, moved or replaced. A security event.</summary>
internal sealed class PhiAuthenticationException(PhiAddress address)
    : PhiException(ProtectionErrors.NotAuthentic, $"Column {address.Column} of table {address.Table} does not open.")
{
    public PhiAddress Address => address;

    /// <summary>One event, however many catch it on its way.</summary>
    public bool IsReported { get; set; }
}

/// <summary>The key of this record is destroyed.</summary>
internal sealed class PhiErasedException() : PhiException(ProtectionErrors.Erased, "The key of this record is destroyed.");

/// <summary>The tenant's keys cannot be had at the moment.</summary>
internal sealed class KeysUnavailableException(Error error, Exception? inner = null)
    : PhiException(error, $"The tenant's keys cannot be had: {error.Code}.", inner);
