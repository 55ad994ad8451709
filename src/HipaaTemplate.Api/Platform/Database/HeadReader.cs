using HipaaTemplate.Platform.Auditing.Sealing;
using HipaaTemplate.Platform.Tenancy;
using Npgsql;

namespace HipaaTemplate.Platform.Database;

/// <summary>Rows of audit.heads.</summary>
internal static class HeadReader
{
    public const string Columns = "head, log_tenant, log_month, size, root, peaks, leaf_hash";

    public static async Task<List<SealedHead>> ReadAsync(NpgsqlCommand command, CancellationToken ct)
    {
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<SealedHead> heads = [];
        while (await reader.ReadAsync(ct))
        {
            heads.Add(new SealedHead(
                reader.GetInt64(0),
                new AuditLog(TenantId.From(reader.GetGuid(1)), reader.GetFieldValue<DateOnly>(2)),
                reader.GetInt64(3),
                reader.GetFieldValue<byte[]>(4),
                reader.GetFieldValue<byte[][]>(5),
                reader.GetFieldValue<byte[]>(6)));
        }

        return heads;
    }
}
