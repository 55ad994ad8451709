using HipaaTemplate.Platform.Secrets;
using Npgsql;

namespace HipaaTemplate.Platform.Database;

/// <summary>
/// The database as the API's role. Its credentials may change at any time, and nobody can change
/// them in PostgreSQL and in the secret service at once: who is refused waits a little for the other half of the
/// change (docs/decisions/0011-secrets.md).
/// </summary>
internal sealed partial class AppDatabase(
    AppPools pools, IDatabaseCredentials credentials, SecretsRefresh secrets, TimeProvider time, ILogger<AppDatabase> logger)
{
    /// <summary>Between attempts; after the last one requests fail.</summary>
    private static readonly TimeSpan[] Pauses =
    [
        .. from milliseconds in new[] { 100, 200, 400, 800, 800, 800, 800, 800 }
           select TimeSpan.FromMilliseconds(milliseconds),
    ];

    private readonly Lock gate = new();
    private Task? recovery;

    private bool CredentialsChange => secrets.HasService || credentials is not SettingsCredentials;

    /// <exception cref="NpgsqlException">No connection can be had.</exception>
    public async ValueTask<NpgsqlConnection> OpenAsync(CancellationToken ct)
    {
        var connection = new NpgsqlConnection();
        try
        {
            await OpenAsync(connection, ct);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <param name="connection">Closed; whose it was before does not count.</param>
    /// <param name="ct">Of the request.</param>
    /// <exception cref="NpgsqlException">No connection can be had.</exception>
    public async ValueTask OpenAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        try
        {
            await pools.OpenAsync(connection, ct);
        }
        catch (PostgresException e) when (AppPools.IsRefusal(e) && CredentialsChange)
        {
            await Recover().WaitAsync(ct);
            await pools.OpenAsync(connection, ct);
        }
    }

    /// <summary>Of nobody's request: all that were refused wait for the same one.</summary>
    private Task Recover()
    {
        lock (gate)
        {
            return recovery is { IsCompleted: false } ? recovery : recovery = Task.Run(RecoverAsync);
        }
    }

    private async Task RecoverAsync()
    {
        Refused(logger);
        foreach (var pause in Pauses)
        {
            await secrets.RefreshAsync(CancellationToken.None);
            try
            {
                await using var connection = new NpgsqlConnection();
                await pools.OpenAsync(connection, CancellationToken.None);
                return;
            }
            catch (PostgresException e) when (AppPools.IsRefusal(e))
            {
                await Task.Delay(pause, time);
            }
        }
    }

    [LoggerMessage(1714, LogLevel.Warning, "The database refused the credentials; they are asked for again")]
    private static partial void Refused(ILogger logger);
}
