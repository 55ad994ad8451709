using Npgsql;

namespace HipaaTemplate.Platform.Database;

/// <summary>
/// The server's half of <see cref="SignedTenantScope"/>: the key that its function checks signatures
/// with, in a table that only the owner reads.
/// </summary>
internal static class TenantScopeKeys
{
    public const string Purpose = "tenant scope";
    public const string Schema = "keys";
    public const string Table = $"{Schema}.tenant_scope_keys";

    /// <summary>HMAC pads its key to the block of the hash (RFC 2104 §2).</summary>
    private const int BlockLength = 64;

    /// <summary>
    /// How long a key that was replaced is still accepted, so that instances with the former one can be
    /// replaced in turn.
    /// </summary>
    private static readonly TimeSpan Overlap = TimeSpan.FromHours(1);

    /// <summary>Makes this key the current one; the one before it stays good for an hour.</summary>
    public static async Task StoreAsync(NpgsqlConnection owner, byte[] key, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand($"""
            DELETE FROM {Table} WHERE valid_until < now();
            UPDATE {Table} SET valid_until = now() + @overlap WHERE valid_until = 'infinity' AND inner_key <> @inner_key;
            INSERT INTO {Table} VALUES (@inner_key, @outer_key, 'infinity')
                ON CONFLICT (inner_key) DO UPDATE SET valid_until = 'infinity';
            """, owner);
        command.Parameters.Add(new NpgsqlParameter<TimeSpan>("overlap", Overlap));
        command.Parameters.Add(new NpgsqlParameter<byte[]>("inner_key", Pad(key, 0x36)));
        command.Parameters.Add(new NpgsqlParameter<byte[]>("outer_key", Pad(key, 0x5c)));
        await command.ExecuteNonQueryAsync(ct);
    }

    private static byte[] Pad(byte[] key, byte pad)
    {
        var block = new byte[BlockLength];
        key.CopyTo(block, 0);
        for (var i = 0; i < block.Length; i++)
        {
            block[i] ^= pad;
        }

        return block;
    }
}
