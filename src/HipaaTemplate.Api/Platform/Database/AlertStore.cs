using HipaaTemplate.Platform.Auditing.Alerts;
using HipaaTemplate.Platform.Tenancy;
using Npgsql;
using NpgsqlTypes;

namespace HipaaTemplate.Platform.Database;

/// <summary>
/// Alerts of several tenants and how far was looked, in one transaction as the API's role. Each tenant's rows are
/// seen and written under that tenant's scope and no other.
/// </summary>
internal sealed class AlertStore(AppDatabase database, ITenantScopeSql scopeSql)
{
    /// <summary>A little more than alerts are delivered for; a cursor without alerts is only good until the next one.</summary>
    private const string Kept = "CASE WHEN cardinality(@alerted) > 0 THEN interval '26 hours' ELSE interval '1 minute' END";

    private const string Columns = """
        id, rule, subject, raised_at, first_event_id, first_at, last_event_id, last_at, events, patient_count, patients, version, next_attempt_at
        """;

    /// <returns>Null while another process is at it.</returns>
    public async Task<AlertWork?> TryBeginAsync(CancellationToken ct)
    {
        var connection = await database.OpenAsync(ct);
        try
        {
            var transaction = await connection.BeginTransactionAsync(ct);
            await using var command = new NpgsqlCommand($"SELECT pg_try_advisory_xact_lock({AdvisoryLocks.LookingForAlerts})", connection, transaction);
            if (await command.ExecuteScalarAsync(ct) is true)
            {
                // A statement of its own: it sees what whoever had the lock before has committed.
                command.CommandText = $"SELECT coalesce(max(head), 0) FROM {AlertCursor.Table}";
                return new AlertWork(connection, transaction, scopeSql, (long)(await command.ExecuteScalarAsync(ct))!);
            }

            await connection.DisposeAsync();
            return null;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Tenants that may have an alert to deliver.</summary>
    public async Task<List<TenantId>> AlertedTenantsAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenAsync(ct);
        await using var command = new NpgsqlCommand($"SELECT DISTINCT unnest(alerted) FROM {AlertCursor.Table}", connection);
        await using var reader = await command.ExecuteReaderAsync(ct);
        List<TenantId> tenants = [];
        while (await reader.ReadAsync(ct))
        {
            tenants.Add(TenantId.From(reader.GetGuid(0)));
        }

        return tenants;
    }

    internal sealed class AlertWork(NpgsqlConnection connection, NpgsqlTransaction transaction, ITenantScopeSql scopeSql, long head) : IAsyncDisposable
    {
        /// <summary>The first that was not looked at.</summary>
        public long Head => head;

        /// <summary>Those of these patients that the tenant watches.</summary>
        public async Task<HashSet<Guid>> WatchedAsync(TenantId tenant, Guid[] patients, CancellationToken ct)
        {
            HashSet<Guid> watched = [];
            if (patients.Length > 0)
            {
                await using var batch = Batch(tenant, "SELECT id FROM app.watched_patients WHERE tenant_id = @tenant AND id = ANY (@patients)", out var command);
                command.Parameters.Add(new NpgsqlParameter<Guid[]>("patients", patients));
                await using var reader = await ReadAsync(batch, ct);
                while (await reader.ReadAsync(ct))
                {
                    watched.Add(reader.GetGuid(0));
                }
            }

            return watched;
        }

        /// <summary>Alerts that nobody has signed off and that the findings may belong to. Nobody signs them off meanwhile.</summary>
        public async Task<List<AuditAlert>> OpenAlertsAsync(TenantId tenant, IReadOnlyList<Finding> findings, CancellationToken ct)
        {
            await using var batch = Batch(tenant, $"""
                SELECT {Columns} FROM app.audit_alerts
                WHERE tenant_id = @tenant AND signed_off_at IS NULL AND rule = ANY (@rules) AND subject = ANY (@subjects) AND last_at > @since
                FOR UPDATE
                """, out var command);
            command.Parameters.Add(new NpgsqlParameter<short[]>("rules", [.. findings.Select(finding => (short)finding.Rule).Distinct()]));
            command.Parameters.Add(new NpgsqlParameter<string[]>("subjects", [.. findings.Select(finding => finding.Subject).Distinct()]));
            command.Parameters.Add(new NpgsqlParameter<DateTimeOffset>("since", findings[0].Event.At - findings.Max(finding => finding.Window)));
            await using var reader = await ReadAsync(batch, ct);
            List<AuditAlert> alerts = [];
            while (await reader.ReadAsync(ct))
            {
                alerts.Add(new AuditAlert
                {
                    Id = reader.GetGuid(0),
                    Rule = (AlertRule)reader.GetInt16(1),
                    Subject = reader.GetString(2),
                    RaisedAt = reader.GetFieldValue<DateTimeOffset>(3),
                    FirstEventId = reader.GetGuid(4),
                    FirstAt = reader.GetFieldValue<DateTimeOffset>(5),
                    LastEventId = reader.GetGuid(6),
                    LastAt = reader.GetFieldValue<DateTimeOffset>(7),
                    Events = reader.GetInt32(8),
                    PatientCount = reader.GetInt32(9),
                    Patients = reader.GetFieldValue<Guid[]>(10),
                    Version = reader.GetInt32(11),
                    NextAttemptAt = reader.IsDBNull(12) ? null : reader.GetFieldValue<DateTimeOffset>(12),
                });
            }

            return alerts;
        }

        /// <summary>New ones, and those that have grown: for a reviewer these are other ones than he has read.</summary>
        public async Task SaveAsync(TenantId tenant, IReadOnlyCollection<AuditAlert> alerts, CancellationToken ct)
        {
            foreach (var alert in alerts)
            {
                await using var batch = Batch(tenant, $"""
                    INSERT INTO app.audit_alerts (tenant_id, {Columns}, attempts)
                    VALUES (@tenant, @id, @rule, @subject, @raised_at, @first_event_id, @first_at, @last_event_id, @last_at, @events, @patient_count,
                        @patients, @version, @next_attempt_at, 0)
                    ON CONFLICT (tenant_id, id) DO UPDATE SET last_event_id = @last_event_id, last_at = @last_at, events = @events,
                        patient_count = @patient_count, patients = @patients, version = @version + 1
                    """, out var command);
                command.Parameters.Add(new NpgsqlParameter<Guid>("id", alert.Id));
                command.Parameters.Add(new NpgsqlParameter<short>("rule", (short)alert.Rule));
                command.Parameters.Add(new NpgsqlParameter<string>("subject", alert.Subject));
                command.Parameters.Add(new NpgsqlParameter<DateTimeOffset>("raised_at", alert.RaisedAt));
                command.Parameters.Add(new NpgsqlParameter<Guid>("first_event_id", alert.FirstEventId));
                command.Parameters.Add(new NpgsqlParameter<DateTimeOffset>("first_at", alert.FirstAt));
                command.Parameters.Add(new NpgsqlParameter<Guid>("last_event_id", alert.LastEventId));
                command.Parameters.Add(new NpgsqlParameter<DateTimeOffset>("last_at", alert.LastAt));
                command.Parameters.Add(new NpgsqlParameter<int>("events", alert.Events));
                command.Parameters.Add(new NpgsqlParameter<int>("patient_count", alert.PatientCount));
                command.Parameters.Add(new NpgsqlParameter<Guid[]>("patients", alert.Patients));
                command.Parameters.Add(new NpgsqlParameter<int>("version", alert.Version));
                command.Parameters.Add(new NpgsqlParameter("next_attempt_at", NpgsqlDbType.TimestampTz) { Value = (object?)alert.NextAttemptAt ?? DBNull.Value });
                await batch.ExecuteNonQueryAsync(ct);
            }
        }

        /// <param name="next">The first head that was not looked at now.</param>
        /// <param name="alerted">Tenants with new alerts.</param>
        public async Task CommitAsync(long next, IReadOnlyCollection<TenantId> alerted, CancellationToken ct)
        {
            await using var add = new NpgsqlCommand($"""
                INSERT INTO {AlertCursor.Table} (head, alerted, expires_at) VALUES (@next, @alerted, now() + {Kept});
                DELETE FROM {AlertCursor.Table} WHERE expires_at < now() AND head < @next
                """, connection, transaction);
            add.Parameters.Add(new NpgsqlParameter<long>("next", next));
            add.Parameters.Add(new NpgsqlParameter<Guid[]>("alerted", [.. alerted.Select(tenant => tenant.Value)]));
            await add.ExecuteNonQueryAsync(ct);
            await transaction.CommitAsync(ct);
        }

        public async ValueTask DisposeAsync()
        {
            await transaction.DisposeAsync();
            await connection.DisposeAsync();
        }

        private static async Task<NpgsqlDataReader> ReadAsync(NpgsqlBatch batch, CancellationToken ct)
        {
            var reader = await batch.ExecuteReaderAsync(ct);
            await reader.NextResultAsync(ct);
            return reader;
        }

        private NpgsqlBatch Batch(TenantId tenant, string sql, out NpgsqlBatchCommand command)
        {
            var batch = new NpgsqlBatch(connection, transaction);
            batch.BatchCommands.Add(scopeSql.For(tenant).CreateBatchCommand());
            command = new NpgsqlBatchCommand(sql);
            command.Parameters.Add(new NpgsqlParameter<Guid>("tenant", tenant.Value));
            batch.BatchCommands.Add(command);
            return batch;
        }
    }
}
