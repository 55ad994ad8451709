using System.Text.Json;
using HipaaTemplate.Platform.Authentication.Keys;
using HipaaTemplate.Platform.Secrets.Services;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Secrets.Vault;

/// <summary>
/// A database user that Vault makes for this process and drops after it. Its lease is renewed, and another
/// user takes over well before the lease ends or the session with Vault that it hangs on.
/// </summary>
internal sealed partial class VaultDatabaseCredentials(
    VaultClient vault, IOptions<VaultSettings> settings, TimeProvider time, ILogger<VaultDatabaseCredentials> logger)
    : IDatabaseCredentials, IDisposable
{
    private Leased<User>? users;

    public async ValueTask<DatabaseCredentials> CurrentAsync(CancellationToken ct)
    {
        var leased = LazyInitializer.EnsureInitialized(ref users, () => new Leased<User>(ObtainAsync, time));
        try
        {
            var user = await leased.GetAsync(ct);
            if (user.Session != vault.Session)
            {
                // Vault drops it when the token ends that it was leased to.
                leased.Drop(user);
                user = await leased.GetAsync(ct);
            }

            return user.Credentials;
        }
        catch (ServiceException e)
        {
            throw e.OfSecretSource();
        }
    }

    public void Dispose() => users?.Dispose();

    private async Task<Lease<User>> ObtainAsync(User? current, CancellationToken ct)
    {
        try
        {
            return current is { Renewable: true } && current.Session == vault.Session && await TryRenewAsync(current, ct) is { } renewed
                ? renewed
                : await CreateAsync(ct);
        }
        catch (ServiceException e)
        {
            Failed(logger, e.Reason);
            throw;
        }
    }

    /// <summary>Vault API: POST /sys/leases/renew.</summary>
    /// <returns>Null when only another user helps.</returns>
    private async Task<Lease<User>?> TryRenewAsync(User current, CancellationToken ct)
    {
        try
        {
            using var answer = await vault.SendAsync(
                HttpMethod.Post, "sys/leases/renew",
                writer =>
                {
                    writer.WriteString("lease_id", current.LeaseId);
                    writer.WriteNumber("increment", (int)current.AtFirst.TotalSeconds);
                },
                ct);
            var duration = DurationOf(answer);
            // Near its longest life a lease is renewed for less and less. A login on the way is the end of it.
            return duration < current.AtFirst / 2 || current.Session != vault.Session ? null : new Lease<User>(current, Shorter(duration));
        }
        catch (ServiceException e) when (e.Fault != ServiceFault.Unavailable)
        {
            return null;
        }
    }

    /// <summary>Vault API: GET /database/creds/:name.</summary>
    private async Task<Lease<User>> CreateAsync(CancellationToken ct)
    {
        var role = settings.Value.DatabaseRole ?? throw new InvalidOperationException("VAULT_DATABASE_ROLE is missing.");
        using var answer = await vault.SendAsync(HttpMethod.Get, $"{settings.Value.DatabaseMount}/creds/{role}", members: null, ct);
        var duration = DurationOf(answer);
        if (!answer.At("lease_id").TryGetString(out var leaseId)
            || !answer.At("data", "username").TryGetString(out var name) || name.Length == 0
            || !answer.At("data", "password").TryGetString(out var password) || password.Length == 0)
        {
            throw new ServiceException(ServiceFault.Unavailable, "answer_is_no_credentials");
        }

        var user = new User(
            new DatabaseCredentials(name, password), leaseId, duration, answer.At("renewable").ValueKind == JsonValueKind.True, vault.Session);
        return new Lease<User>(user, Shorter(duration));
    }

    /// <summary>The lease ends with the token, whatever it says itself; a renewed token is seen at the next look.</summary>
    private TimeSpan Shorter(TimeSpan duration) => duration < vault.SessionRest ? duration : vault.SessionRest;

    private static TimeSpan DurationOf(ServiceAnswer answer) =>
        answer.At("lease_duration") is { ValueKind: JsonValueKind.Number } element && element.TryGetInt32(out var seconds) && seconds > 0
            ? TimeSpan.FromSeconds(seconds)
            : throw new ServiceException(ServiceFault.Unavailable, "answer_is_no_lease");

    [LoggerMessage(1634, LogLevel.Warning, "Vault leased no database user: {reason}")]
    private static partial void Failed(ILogger logger, string reason);

    /// <summary>A class: its text must not be what a record's is.</summary>
    private sealed class User(DatabaseCredentials credentials, string leaseId, TimeSpan atFirst, bool renewable, int session)
    {
        public DatabaseCredentials Credentials => credentials;

        public string LeaseId => leaseId;

        /// <summary>What the lease was first good for.</summary>
        public TimeSpan AtFirst => atFirst;

        public bool Renewable => renewable;

        /// <summary>The token's that it was leased to.</summary>
        public int Session => session;
    }
}
