using HipaaTemplate.Platform.Protection.Signing;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HipaaTemplate.Platform.Database;

/// <summary>The keys that sign the audit trail, as hipaa_sealer reads and adds them.</summary>
internal sealed class SealKeyStore(IOptions<DatabaseSettings> settings)
{
    public async Task<StoredSigningKey?> FindAsync(string provider, CancellationToken ct)
    {
        await using var connection = await OpenAsync(ct);
        await using var command = new NpgsqlCommand($"""
            SELECT id, public_key, private_key, provider, provider_key_id, wrapped, created_at
            FROM {AuditTables.SigningKeys} WHERE provider = @provider AND private_key IS NOT NULL
            """, connection);
        command.Parameters.Add(new NpgsqlParameter<string>("provider", provider));
        await using var reader = await command.ExecuteReaderAsync(ct);
        return await reader.ReadAsync(ct)
            ? new StoredSigningKey(
                reader.GetString(0), reader.GetFieldValue<byte[]>(1), reader.GetFieldValue<byte[]>(2), reader.GetString(3),
                reader.GetString(4), reader.GetFieldValue<byte[]>(5), reader.GetFieldValue<DateTimeOffset>(6))
            : null;
    }

    /// <summary>Of all keys that ever signed, the newest last.</summary>
    public async Task<List<byte[]>> PublicKeysAsync(CancellationToken ct)
    {
        await using var connection = await OpenAsync(ct);
        await using var command = new NpgsqlCommand($"SELECT public_key FROM {AuditTables.SigningKeys} ORDER BY created_at, id", connection);
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<byte[]> keys = [];
        while (await reader.ReadAsync(ct))
        {
            keys.Add(reader.GetFieldValue<byte[]>(0));
        }

        return keys;
    }

    public async Task AddAsync(StoredSigningKey key, CancellationToken ct)
    {
        await using var connection = await OpenAsync(ct);
        await using var command = new NpgsqlCommand($"""
            INSERT INTO {AuditTables.SigningKeys} (id, public_key, private_key, provider, provider_key_id, wrapped, created_at)
            VALUES (@id, @public_key, @private_key, @provider, @provider_key_id, @wrapped, @created_at) ON CONFLICT DO NOTHING
            """, connection);
        command.Parameters.Add(new NpgsqlParameter<string>("id", key.Id));
        command.Parameters.Add(new NpgsqlParameter<byte[]>("public_key", key.PublicKey));
        command.Parameters.Add(new NpgsqlParameter<byte[]>("private_key", key.PrivateKey));
        command.Parameters.Add(new NpgsqlParameter<string>("provider", key.Provider));
        command.Parameters.Add(new NpgsqlParameter<string>("provider_key_id", key.ProviderKeyId));
        command.Parameters.Add(new NpgsqlParameter<byte[]>("wrapped", key.Wrapped));
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset>("created_at", key.CreatedAt));
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>A key whose private half is in AWS KMS; once.</summary>
    public async Task AddPublicAsync(string id, byte[] publicKey, string keyArn, DateTimeOffset now, CancellationToken ct)
    {
        await using var connection = await OpenAsync(ct);
        await using var command = new NpgsqlCommand($"""
            INSERT INTO {AuditTables.SigningKeys} (id, public_key, provider, provider_key_id, created_at)
            VALUES (@id, @public_key, 'aws-kms', @key_arn, @created_at) ON CONFLICT DO NOTHING
            """, connection);
        command.Parameters.Add(new NpgsqlParameter<string>("id", id));
        command.Parameters.Add(new NpgsqlParameter<byte[]>("public_key", publicKey));
        command.Parameters.Add(new NpgsqlParameter<string>("key_arn", keyArn));
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset>("created_at", now));
        await command.ExecuteNonQueryAsync(ct);
    }

    private async Task<NpgsqlConnection> OpenAsync(CancellationToken ct)
    {
        var connection = new NpgsqlConnection(settings.Value.SealerConnectionString());
        try
        {
            await connection.OpenAsync(ct);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}
