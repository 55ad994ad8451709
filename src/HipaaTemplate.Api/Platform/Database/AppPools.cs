using HipaaTemplate.Platform.Secrets;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HipaaTemplate.Platform.Database;

/// <summary>
/// The connections of whoever the API is at the moment and, until PostgreSQL has accepted them, of
/// whoever it was before: PostgreSQL may learn of a new password after the API does.
/// </summary>
internal sealed partial class AppPools(
    IOptions<DatabaseSettings> settings, IDatabaseCredentials credentials, TimeProvider time, ILogger<AppPools> logger)
    : IDisposable
{
    /// <summary>How long new credentials that were refused are left alone while the former ones serve.</summary>
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);

    private readonly Lock gate = new();
    private AppPool? newest;
    private AppPool? former;

    public static bool IsRefusal(PostgresException e) => e.SqlState is
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification;

    /// <exception cref="PostgresException">A refusal: neither the new nor the former credentials are good.</exception>
    public async ValueTask OpenAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        while (true)
        {
            var (current, fallback) = await PoolsAsync(ct);
            try
            {
                var isTried = fallback is null || !IsResting(current);
                if (isTried && await current.TryOpenAsync(connection, ct))
                {
                    Accept(fallback);
                    return;
                }
            }
            catch (PostgresException e) when (IsRefusal(e) && fallback is not null)
            {
                current.RefusedAt = time.GetTimestamp();
            }

            if (fallback is not null && await fallback.TryOpenAsync(connection, ct))
            {
                return;
            }
        }
    }

    public void Dispose()
    {
        newest?.Clear();
        former?.Clear();
    }

    private bool IsResting(AppPool pool) =>
        !pool.IsAccepted && pool.RefusedAt is { } refusedAt && time.GetElapsedTime(refusedAt) < Rest;

    private async ValueTask<(AppPool Current, AppPool? Former)> PoolsAsync(CancellationToken ct)
    {
        var now = await credentials.CurrentAsync(ct);
        AppPool? surplus = null;
        (AppPool, AppPool?) pools;
        lock (gate)
        {
            if (newest?.Credentials != now)
            {
                surplus = Replace(now);
            }

            pools = (newest!, former);
        }

        surplus?.Retire();
        return pools;
    }

    /// <returns>The pool that nobody needs any more.</returns>
    private AppPool? Replace(DatabaseCredentials now)
    {
        if (newest is not null)
        {
            Changed(logger);
        }

        if (former?.Credentials == now)
        {
            (newest, var withdrawn, former) = (former, newest, null);
            return withdrawn;
        }

        var isProven = newest is { IsAccepted: true };
        var surplus = isProven ? former : newest;
        former = isProven ? newest : former;
        newest = new AppPool(now, settings.Value.AppConnectionString(now));
        return surplus;
    }

    /// <summary>The new credentials work, so the former ones may be taken away.</summary>
    private void Accept(AppPool? replaced)
    {
        if (replaced is null)
        {
            return;
        }

        lock (gate)
        {
            if (former != replaced)
            {
                return;
            }

            former = null;
        }

        replaced.Retire();
        Accepted(logger);
        if (settings.Value.SigningSecret is null)
        {
            KeysAreOfTheFormer(logger);
        }
    }

    [LoggerMessage(1711, LogLevel.Information, "The database's credentials changed")]
    private static partial void Changed(ILogger logger);

    [LoggerMessage(1712, LogLevel.Information, "The database has accepted the new credentials; the former ones are not used any more")]
    private static partial void Accepted(ILogger logger);

    [LoggerMessage(1713, LogLevel.Warning, "SIGNING_SECRET is not set, so tenants are signed with a key of the former password: restart within an hour of migrate up")]
    private static partial void KeysAreOfTheFormer(ILogger logger);
}
