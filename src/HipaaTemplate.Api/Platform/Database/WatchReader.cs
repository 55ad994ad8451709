using System.Buffers.Binary;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Auditing.Alerts;
using HipaaTemplate.Platform.Auditing.Sealing;
using HipaaTemplate.Platform.Tenancy;
using Npgsql;

namespace HipaaTemplate.Platform.Database;

/// <summary>What one head added to its log: the leaves from <paramref name="Before"/> to <paramref name="Size"/>.</summary>
internal sealed record LogGrowth(long Head, AuditLog Log, long Before, long Size);

/// <summary>The trail as hipaa_reviewer reads it for alerts: which logs have grown, and then one tenant's events at a time.</summary>
internal sealed class WatchReader(ReviewerDatabase database, ITenantScopeSql scopeSql)
{
    private const int MostHeads = 500;

    /// <summary>Of new events at once, though never less than what one head brought.</summary>
    private const int MostLeaves = 10_000;

    /// <summary>Of events before them; who does more than this within an hour has an alert already.</summary>
    private const int MostAround = 200_000;

    private const string Columns = "e.id, e.at, e.action, e.outcome, e.actor_type, e.actor, e.address, e.purpose, e.detail, e.patients";

    private static readonly string RefuseSignIn = AuditAction.RefuseSignIn.Word();

    /// <param name="from">The first head that was not looked at.</param>
    /// <returns>In the order of heads, without a gap; some of what there is, or nothing.</returns>
    public async Task<List<LogGrowth>> GrowthAsync(long from, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = new NpgsqlCommand($"""
            SELECT h.head, h.log_tenant, h.log_month, coalesce(b.size, 0), h.size FROM {AuditTables.Heads} h
            LEFT JOIN LATERAL (
                SELECT size FROM {AuditTables.Heads} WHERE log_tenant = h.log_tenant AND log_month = h.log_month AND size < h.size
                ORDER BY size DESC LIMIT 1) b ON true
            WHERE h.head >= @from ORDER BY h.head LIMIT {MostHeads}
            """, connection);
        command.Parameters.Add(new NpgsqlParameter<long>("from", from));
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<LogGrowth> growths = [];
        for (var leaves = 0L; leaves < MostLeaves && await reader.ReadAsync(ct);)
        {
            var growth = new LogGrowth(
                reader.GetInt64(0), new AuditLog(TenantId.From(reader.GetGuid(1)), reader.GetFieldValue<DateOnly>(2)), reader.GetInt64(3), reader.GetInt64(4));
            growths.Add(growth);
            leaves += growth.Size - growth.Before;
        }

        return growths;
    }

    /// <summary>The events of these leaves.</summary>
    public async Task<List<SeenEvent>> SealedAsync(TenantId tenant, IReadOnlyList<LogGrowth> growths, CancellationToken ct)
    {
        var command = new NpgsqlBatchCommand($"""
            SELECT {Columns} FROM unnest(@months, @befores, @sizes) AS g (month, before, size)
            JOIN {AuditTables.Leaves} l ON l.log_tenant = @tenant AND l.log_month = g.month AND l.leaf >= g.before AND l.leaf < g.size
            JOIN {AuditTables.Events} e ON e.tenant_id = l.log_tenant AND e.id = l.event_id
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid>("tenant", tenant.Value));
        command.Parameters.Add(new NpgsqlParameter<DateOnly[]>("months", [.. growths.Select(growth => growth.Log.Month)]));
        command.Parameters.Add(new NpgsqlParameter<long[]>("befores", [.. growths.Select(growth => growth.Before)]));
        command.Parameters.Add(new NpgsqlParameter<long[]>("sizes", [.. growths.Select(growth => growth.Size)]));
        return await ReadAsync(tenant, command, ct);
    }

    /// <summary>
    /// What the users of these events did at the time and was looked at before; of the platform's log, what came from
    /// their addresses.
    /// </summary>
    /// <param name="head">The first head that was not looked at.</param>
    /// <param name="around">How long before and after.</param>
    public async Task<List<SeenEvent>> AroundAsync(
        TenantId tenant, long head, IReadOnlyList<SeenEvent> events, TimeSpan around, CancellationToken ct)
    {
        if (events.Count == 0)
        {
            return [];
        }

        var ofPlatform = tenant == AuditEntry.Platform;
        var (from, to) = (events.Min(one => one.At) - around, events.Max(one => one.At) + around);
        var command = new NpgsqlBatchCommand($"""
            WITH looked_at AS (
                SELECT m.month, h.size FROM unnest(@months) m (month) CROSS JOIN LATERAL (
                    SELECT size FROM {AuditTables.Heads} WHERE log_tenant = @tenant AND log_month = m.month AND head < @head
                    ORDER BY size DESC LIMIT 1) h)
            SELECT {Columns} FROM {AuditTables.Events} e
            JOIN {AuditTables.Leaves} l ON l.log_tenant = e.tenant_id AND l.event_id = e.id
            JOIN looked_at ON looked_at.month = l.log_month AND l.leaf < looked_at.size
            WHERE e.tenant_id = @tenant AND e.id >= @from AND e.id < @to
                AND {(ofPlatform ? "e.action = @action AND e.address = ANY (@subjects)" : "e.actor = ANY (@subjects)")}
            ORDER BY e.id DESC LIMIT {MostAround}
            """);
        command.Parameters.Add(new NpgsqlParameter<Guid>("tenant", tenant.Value));
        command.Parameters.Add(new NpgsqlParameter<long>("head", head));
        command.Parameters.Add(new NpgsqlParameter<DateOnly[]>("months", [.. new[] { from, to }.Select(at => AuditLog.Of(tenant, at).Month).Distinct()]));
        command.Parameters.Add(new NpgsqlParameter<Guid>("from", FirstIdOf(from)));
        command.Parameters.Add(new NpgsqlParameter<Guid>("to", FirstIdOf(to)));
        command.Parameters.Add(new NpgsqlParameter<string[]>(
            "subjects", [.. events.Select(one => ofPlatform ? one.Address : one.Actor).OfType<string>().Distinct()]));
        if (ofPlatform)
        {
            command.Parameters.Add(new NpgsqlParameter<string>("action", RefuseSignIn));
        }

        return await ReadAsync(tenant, command, ct);
    }

    private async Task<List<SeenEvent>> ReadAsync(TenantId tenant, NpgsqlBatchCommand command, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var batch = new NpgsqlBatch(connection);
        var scope = scopeSql.For(tenant);
        batch.BatchCommands.Add(scope.CreateBatchCommand());
        batch.BatchCommands.Add(command);
        await using var reader = await batch.ExecuteReaderAsync(ct);
        await scope.SkipResultAsync(reader, ct);
        List<SeenEvent> events = [];
        while (await reader.ReadAsync(ct))
        {
            events.Add(new SeenEvent(
                reader.GetGuid(0), reader.GetFieldValue<DateTimeOffset>(1), reader.GetString(2), reader.GetString(3), reader.GetString(4),
                Text(reader, 5), Text(reader, 6), Text(reader, 7), Text(reader, 8), reader.GetFieldValue<Guid[]>(9)));
        }

        return events;
    }

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    /// <summary>Ids of events begin with their time in milliseconds (RFC 9562 §5.7).</summary>
    private static Guid FirstIdOf(DateTimeOffset at)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        BinaryPrimitives.WriteInt64BigEndian(bytes, at.ToUnixTimeMilliseconds() << 16);
        return new Guid(bytes, bigEndian: true);
    }
}
