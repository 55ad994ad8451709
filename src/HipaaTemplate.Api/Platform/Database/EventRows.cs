using System.Text.Json;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Tenancy;
using Npgsql;

namespace HipaaTemplate.Platform.Database;

/// <param name="Stamped">The event, with its MAC.</param>
/// <param name="Leaf">Its place in its log; null while it is not sealed.</param>
internal sealed record StoredEvent(StampedEntry Stamped, long? Leaf);

/// <summary>Rows of audit.events.</summary>
internal static class EventRows
{
    /// <summary>Of audit.events e and its leaf l.</summary>
    public const string Columns = """
        e.tenant_id, e.id, e.at, e.writer, e.number, e.void, e.action, e.outcome, e.code, e.actor_type, e.actor, e.session, e.address,
        e.purpose, e.endpoint, e.request, e.trace, e.detail, e.patients, e.records::text, e.key_version, e.mac, e.leaf_hash, l.leaf
        """;

    public static StoredEvent Read(NpgsqlDataReader reader) => new(
        new StampedEntry(
            new AuditEntry
            {
                Tenant = TenantId.From(reader.GetGuid(0)),
                Id = reader.GetGuid(1),
                At = reader.GetFieldValue<DateTimeOffset>(2),
                Writer = reader.GetGuid(3),
                Number = reader.GetInt64(4),
                Void = reader.GetFieldValue<long[]>(5),
                Action = reader.GetString(6),
                Outcome = reader.GetString(7),
                Code = Text(reader, 8),
                ActorType = reader.GetString(9),
                Actor = Text(reader, 10),
                Session = Text(reader, 11),
                Address = Text(reader, 12),
                Purpose = Text(reader, 13),
                Endpoint = Text(reader, 14),
                Request = Text(reader, 15),
                Trace = Text(reader, 16),
                Detail = Text(reader, 17),
                Patients = reader.GetFieldValue<Guid[]>(18),
                Records =
                [
                    .. from record in JsonSerializer.Deserialize<JsonElement[][]>(reader.GetString(19))!
                       select new AuditedRecord(record[0].GetString()![0], record[1].GetInt32(), record[2].GetGuid()),
                ],
                KeyVersion = reader.GetInt32(20),
            },
            reader.GetFieldValue<byte[]>(21),
            reader.GetFieldValue<byte[]>(22)),
        reader.IsDBNull(23) ? null : reader.GetInt64(23));

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}
