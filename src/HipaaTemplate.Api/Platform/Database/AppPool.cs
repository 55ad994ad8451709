using HipaaTemplate.Platform.Secrets;
using Npgsql;

namespace HipaaTemplate.Platform.Database;

/// <summary>The connections that are made with one user name and password.</summary>
/// <param name="credentials">Whose.</param>
/// <param name="connectionString">Npgsql keeps one pool for each; an empty one that is not used again costs some 2 KB.</param>
internal sealed class AppPool(DatabaseCredentials credentials, string connectionString)
{
    private readonly Lock gate = new();
    private int opening;
    private bool isRetired;
    private volatile bool isAccepted;

    public DatabaseCredentials Credentials => credentials;

    /// <summary>PostgreSQL has let in somebody with them.</summary>
    public bool IsAccepted => isAccepted;

    /// <summary>The clock's timestamp when PostgreSQL last refused them.</summary>
    public long? RefusedAt { get; set; }

    /// <returns>False when the pool was retired: there is another one.</returns>
    public async ValueTask<bool> TryOpenAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        if (!TryEnter())
        {
            return false;
        }

        try
        {
            connection.ConnectionString = connectionString;
            await connection.OpenAsync(ct);
            isAccepted = true;
            return true;
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Closes what is idle, and the rest when it comes back.</summary>
    public void Clear()
    {
        using var any = new NpgsqlConnection(connectionString);
        NpgsqlConnection.ClearPool(any);
    }

    /// <summary>Nobody gets a connection of it any more.</summary>
    public void Retire()
    {
        lock (gate)
        {
            isRetired = true;
        }

        Clear();
    }

    private bool TryEnter()
    {
        lock (gate)
        {
            opening += isRetired ? 0 : 1;
            return !isRetired;
        }
    }

    private void Leave()
    {
        bool isLast;
        lock (gate)
        {
            isLast = --opening == 0 && isRetired;
        }

        // Who waited for a connection meanwhile may have made a new one.
        if (isLast)
        {
            Clear();
        }
    }
}
