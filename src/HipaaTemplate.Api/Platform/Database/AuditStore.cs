using System.Text.Json;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;
using NpgsqlTypes;

namespace HipaaTemplate.Platform.Database;

/// <summary>
/// Adds events to the table, in one round trip however many there are. The API's role may do nothing else
/// with it, and its policy takes an event of a tenant only after that tenant's scope was set.
/// </summary>
internal sealed class AuditStore(AppDatabase database, ITenantScopeSql scopeSql)
{
    /// <summary>
    /// Arrays, so that it is one statement for any number of events. Those of arrays go as text: PostgreSQL's
    /// arrays of arrays are rectangles.
    /// </summary>
    private const string Insert = $"""
        INSERT INTO {AuditTables.Events} (
            tenant_id, id, at, writer, number, void, action, outcome, code, actor_type, actor, session, address,
            purpose, endpoint, request, trace, detail, patients, records, key_version, mac, leaf_hash)
        SELECT @tenant, e.id, e.at, e.writer, e.number, e.void::bigint[], e.action, e.outcome, e.code, e.actor_type, e.actor,
            e.session, e.address, e.purpose, e.endpoint, e.request, e.trace, e.detail, e.patients::uuid[], e.records::jsonb,
            e.key_version, e.mac, e.leaf_hash
        FROM unnest(@ids, @ats, @writers, @numbers, @voids, @actions, @outcomes, @codes, @actor_types, @actors,
            @sessions, @addresses, @purposes, @endpoints, @requests, @traces, @details, @patients, @records, @key_versions, @macs, @leaf_hashes)
            AS e (id, at, writer, number, void, action, outcome, code, actor_type, actor,
            session, address, purpose, endpoint, request, trace, detail, patients, records, key_version, mac, leaf_hash)
        """;

    /// <summary>Beside what the events say themselves: see <see cref="AuditTables.PatientEvents"/>.</summary>
    private const string InsertPatients = $"""
        INSERT INTO {AuditTables.PatientEvents} (tenant_id, patient_id, event_id)
        SELECT DISTINCT @tenant, p.id, e.id FROM unnest(@ids, @patients) AS e (id, patients), unnest(e.patients::uuid[]) AS p (id)
        """;

    /// <summary>In a transaction of their own: all of them or none.</summary>
    public async Task AddAsync(IReadOnlyCollection<StampedEntry> entries, CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await AddAsync(connection, null, entries, ct);
    }

    /// <summary>In the transaction of what they tell.</summary>
    public async Task AddAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, IReadOnlyCollection<StampedEntry> entries, CancellationToken ct)
    {
        await using var batch = new NpgsqlBatch(connection, transaction);
        foreach (var tenant in entries.GroupBy(entry => entry.Entry.Tenant))
        {
            batch.BatchCommands.Add(scopeSql.For(tenant.Key).CreateBatchCommand());
            batch.BatchCommands.Add(CreateInsert(tenant.Key, [.. tenant]));
            if (tenant.Where(stamped => stamped.Entry.Patients.Count > 0).ToList() is { Count: > 0 } naming)
            {
                batch.BatchCommands.Add(CreateInsertOfPatients(tenant.Key, naming));
            }
        }

        await batch.ExecuteNonQueryAsync(ct);
    }

    /// <summary>In the transaction of a unit of work, as the last statement of it: the scope is the event's tenant's from then on.</summary>
    public Task AddAsync(AppDbContext db, StampedEntry entry, CancellationToken ct)
    {
        var transaction = (NpgsqlTransaction)db.Database.CurrentTransaction!.GetDbTransaction();
        return AddAsync(transaction.Connection!, transaction, [entry], ct);
    }

    /// <summary>Saves a unit of work and adds an event, in one transaction that may run again when the connection fails.</summary>
    /// <returns>False when a unique index refused what was saved; nothing is stored then.</returns>
    public Task<bool> TrySaveWithAsync(AppDbContext db, Func<StampedEntry> stamp, CancellationToken ct) =>
        db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            try
            {
                // Still to be saved, if it comes to that.
                await db.SaveChangesAsync(acceptAllChangesOnSuccess: false, ct);
            }
            catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
            {
                return false;
            }

            await AddAsync(db, stamp(), ct);
            await transaction.CommitAsync(ct);
            return true;
        });

    private static NpgsqlBatchCommand CreateInsert(TenantId tenant, IReadOnlyList<StampedEntry> entries)
    {
        var command = new NpgsqlBatchCommand(Insert);
        command.Parameters.Add(new NpgsqlParameter<Guid>("tenant", tenant.Value));
        Add(command, "ids", entries, stamped => stamped.Entry.Id);
        Add(command, "ats", entries, stamped => stamped.Entry.At);
        Add(command, "writers", entries, stamped => stamped.Entry.Writer);
        Add(command, "numbers", entries, stamped => stamped.Entry.Number);
        Add(command, "voids", entries, stamped => ArrayOf(stamped.Entry.Void));
        Add(command, "actions", entries, stamped => stamped.Entry.Action);
        Add(command, "outcomes", entries, stamped => stamped.Entry.Outcome);
        AddTexts(command, "codes", entries, entry => entry.Code);
        Add(command, "actor_types", entries, stamped => stamped.Entry.ActorType);
        AddTexts(command, "actors", entries, entry => entry.Actor);
        AddTexts(command, "sessions", entries, entry => entry.Session);
        AddTexts(command, "addresses", entries, entry => entry.Address);
        AddTexts(command, "purposes", entries, entry => entry.Purpose);
        AddTexts(command, "endpoints", entries, entry => entry.Endpoint);
        AddTexts(command, "requests", entries, entry => entry.Request);
        AddTexts(command, "traces", entries, entry => entry.Trace);
        AddTexts(command, "details", entries, entry => entry.Detail);
        Add(command, "patients", entries, stamped => ArrayOf(stamped.Entry.Patients));
        Add(command, "records", entries, stamped => RecordsOf(stamped.Entry.Records));
        Add(command, "key_versions", entries, stamped => stamped.Entry.KeyVersion);
        Add(command, "macs", entries, stamped => stamped.Mac);
        Add(command, "leaf_hashes", entries, stamped => stamped.LeafHash);
        return command;
    }

    private static NpgsqlBatchCommand CreateInsertOfPatients(TenantId tenant, IReadOnlyList<StampedEntry> entries)
    {
        var command = new NpgsqlBatchCommand(InsertPatients);
        command.Parameters.Add(new NpgsqlParameter<Guid>("tenant", tenant.Value));
        Add(command, "ids", entries, stamped => stamped.Entry.Id);
        Add(command, "patients", entries, stamped => ArrayOf(stamped.Entry.Patients));
        return command;
    }

    private static void Add<T>(
        NpgsqlBatchCommand command, string name, IReadOnlyList<StampedEntry> entries, Func<StampedEntry, T> value) =>
        command.Parameters.Add(new NpgsqlParameter<T[]>(name, [.. entries.Select(value)]));

    private static void AddTexts(
        NpgsqlBatchCommand command, string name, IReadOnlyList<StampedEntry> entries, Func<AuditEntry, string?> value) =>
        command.Parameters.Add(new NpgsqlParameter(name, NpgsqlDbType.Array | NpgsqlDbType.Text)
        {
            Value = entries.Select(stamped => value(stamped.Entry)).ToArray(),
        });

    /// <summary>Numbers and ids only, so nothing is quoted.</summary>
    private static string ArrayOf<T>(IReadOnlyList<T> values) => $"{{{string.Join(',', values)}}}";

    private static string RecordsOf(IReadOnlyList<AuditedRecord> records) => JsonSerializer.Serialize(
        records.Select(record => new object[] { record.Access.ToString(), record.Table, record.Id }));
}
