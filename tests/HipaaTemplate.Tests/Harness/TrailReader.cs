using System.Text.Json;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Tenancy;
using Npgsql;

namespace HipaaTemplate.Tests.Harness;

/// <summary>The audit trail as hipaa_auditor reads it.</summary>
internal static class TrailReader
{
    private const string Columns = """
        tenant_id, id, at, writer, number, void, action, outcome, code, actor_type, actor, session, address,
        purpose, endpoint, request, trace, patients, records::text, key_version, mac, leaf_hash
        """;

    /// <summary>In the order of their ids.</summary>
    public static async Task<List<StampedEntry>> EventsAsync(string databaseUrl, TenantId tenant)
    {
        await using var auditor = await OpenAsync(databaseUrl);
        await using var command = new NpgsqlCommand($"SELECT {Columns} FROM {AuditTables.Events} WHERE tenant_id = @tenant ORDER BY id", auditor);
        command.Parameters.AddWithValue("tenant", tenant.Value);
        await using var reader = await command.ExecuteReaderAsync();
        List<StampedEntry> events = [];
        while (await reader.ReadAsync())
        {
            events.Add(new StampedEntry(Read(reader), (byte[])reader["mac"], (byte[])reader["leaf_hash"]));
        }

        return events;
    }

    /// <summary>The events of one request, in the tenant's log or in the platform's.</summary>
    public static async Task<List<AuditEntry>> EventsOfAsync(this HttpResponseMessage response, TenantId log, string? databaseUrl = null)
    {
        var request = response.Headers.GetValues("X-Request-Id").Single();
        return [.. (await EventsAsync(databaseUrl ?? App.DatabaseUrl, log)).Select(stamped => stamped.Entry).Where(entry => entry.Request == request)];
    }

    public static async Task<NpgsqlConnection> OpenAsync(string databaseUrl)
    {
        var auditor = await DatabaseAccess.OpenSuperuserConnectionAsync(databaseUrl);
        await auditor.ExecuteAsync($"SET ROLE {DatabaseRoles.Auditor}");
        return auditor;
    }

    private static AuditEntry Read(NpgsqlDataReader reader) => new()
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
        Patients = reader.GetFieldValue<Guid[]>(17),
        Records =
        [
            .. from record in JsonSerializer.Deserialize<JsonElement[][]>(reader.GetString(18))!
               select new AuditedRecord(record[0].GetString()![0], record[1].GetInt32(), record[2].GetGuid()),
        ],
        KeyVersion = reader.GetInt32(19),
    };

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}
