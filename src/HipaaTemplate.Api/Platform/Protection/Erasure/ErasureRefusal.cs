using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Errors;
using Npgsql;

namespace HipaaTemplate.Platform.Protection.Erasure;

/// <summary>What PostgreSQL says when something is saved under a key that is destroyed (<see cref="ErasureGuard"/>).</summary>
internal static class ErasureRefusal
{
    /// <returns>Null when it was not that.</returns>
    public static PhiException? Of(Exception exception, PhiKeys? keys)
    {
        switch (UnhandledExceptions.FindDatabaseFault(exception))
        {
            case PostgresException { SqlState: ErasureGuard.SubjectErased }:
                return new PhiErasedException();
            case PostgresException { SqlState: ErasureGuard.TenantErased }:
                keys?.Forget();
                return new KeysUnavailableException(ProtectionErrors.Unavailable, exception);
            default:
                return null;
        }
    }
}
