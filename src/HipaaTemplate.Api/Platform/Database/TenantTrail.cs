using System.Buffers.Binary;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Tenancy;
using Npgsql;

namespace HipaaTemplate.Platform.Database;

/// <summary>
/// One tenant's events, as hipaa_reviewer reads them: scope and query are one round trip and one transaction, and
/// row-level security shows none of another tenant, whatever the query says.
/// </summary>
internal sealed class TenantTrail(ReviewerDatabase database, ITenantScopeSql scopeSql)
{
    /// <summary>Newest first.</summary>
    public Task<List<StoredEvent>> ListAsync(TenantId tenant, TrailFilter filter, int limit, CancellationToken ct) =>
        ReadAsync(tenant, List(tenant, filter, limit), ct);

    /// <summary>Those of them that there are, newest first.</summary>
    public Task<List<StoredEvent>> FindAsync(TenantId tenant, Guid[] ids, CancellationToken ct)
    {
        var query = Query("e.id = ANY (@ids)", $"{AuditTables.Events} e", "");
        query.Parameters.Add(new NpgsqlParameter<Guid>("tenant", tenant.Value));
        query.Parameters.Add(new NpgsqlParameter<Guid[]>("ids", ids));
        return ReadAsync(tenant, query, ct);
    }

    /// <summary>The query by itself; tests look at its plan.</summary>
    internal static NpgsqlBatchCommand List(TenantId tenant, TrailFilter filter, int limit)
    {
        var parameters = new List<NpgsqlParameter> { new NpgsqlParameter<Guid>("tenant", tenant.Value) };
        var (source, id) = ($"{AuditTables.Events} e", "e.id");
        List<string> conditions = [];
        if (filter.Patient is { } patient)
        {
            (source, id) = ($"{AuditTables.PatientEvents} p JOIN {AuditTables.Events} e ON e.tenant_id = p.tenant_id AND e.id = p.event_id", "p.event_id");
            // The event itself has the last word: what names it in the other table is not sealed.
            Add("p.tenant_id = @tenant AND p.patient_id = @patient AND @patient = ANY (e.patients)", "patient", patient);
        }

        // Ids begin with the time, so that a span of time is a span of the key; the time itself decides to the microsecond.
        if (filter.From is { } from)
        {
            Add($"{id} >= @first", "first", FirstId(from.ToUnixTimeMilliseconds()));
            Add("e.at >= @from", "from", from.ToUniversalTime());
        }

        if (filter.To is { } to)
        {
            Add($"{id} < @last", "last", FirstId(to.ToUnixTimeMilliseconds() + 1));
            Add("e.at < @to", "to", to.ToUniversalTime());
        }

        if (filter.Before is { } before)
        {
            Add($"{id} < @before", "before", before);
        }

        AddText("e.actor = @actor", "actor", filter.Actor);
        AddText("e.action = @action", "action", filter.Action);
        AddText("e.outcome = @outcome", "outcome", filter.Outcome);
        var query = Query(string.Join(" AND ", conditions.DefaultIfEmpty("true")), source, $"ORDER BY {id} DESC LIMIT {limit}");
        query.Parameters.AddRange(parameters.ToArray());
        return query;

        void Add<T>(string condition, string name, T value)
        {
            conditions.Add(condition);
            parameters.Add(new NpgsqlParameter<T>(name, value));
        }

        void AddText(string condition, string name, string? value)
        {
            if (value is not null)
            {
                Add(condition, name, value);
            }
        }
    }

    /// <summary>Leaves are looked up for what is shown, not for what is looked through.</summary>
    private static NpgsqlBatchCommand Query(string conditions, string source, string order) => new($"""
        SELECT {EventRows.Columns} FROM (
            SELECT e.* FROM {source} WHERE e.tenant_id = @tenant AND {conditions} {order}) e
        LEFT JOIN {AuditTables.Leaves} l ON l.log_tenant = e.tenant_id AND l.event_id = e.id
        ORDER BY e.id DESC
        """);

    private async Task<List<StoredEvent>> ReadAsync(TenantId tenant, NpgsqlBatchCommand query, CancellationToken ct)
    {
        var scope = scopeSql.For(tenant);
        await using var connection = await database.OpenAsync(ct);
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(scope.CreateBatchCommand());
        batch.BatchCommands.Add(query);
        await using var reader = await batch.ExecuteReaderAsync(ct);
        await scope.SkipResultAsync(reader, ct);
        List<StoredEvent> events = [];
        while (await reader.ReadAsync(ct))
        {
            events.Add(EventRows.Read(reader));
        }

        return events;
    }

    /// <summary>The smallest UUIDv7 of this millisecond (RFC 9562 §5.7), as audit.first_id makes it.</summary>
    private static Guid FirstId(long milliseconds)
    {
        Span<byte> id = stackalloc byte[16];
        id.Clear();
        BinaryPrimitives.WriteInt64BigEndian(id, Math.Max(0, milliseconds) << 16);
        return new Guid(id, bigEndian: true);
    }
}
