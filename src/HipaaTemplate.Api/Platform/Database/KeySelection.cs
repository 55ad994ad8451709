using HipaaTemplate.Platform.Protection.Keys;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;

namespace HipaaTemplate.Platform.Database;

/// <summary>Patients' keys that are to be destroyed: one patient's, or all that some of the tenant's keys wrap.</summary>
internal sealed class KeySelection
{
    /// <summary>In SQL, with the parameters that <see cref="AddTo"/> adds and @tenant.</summary>
    public const string Ids = """
        SELECT id FROM keys.subject_keys WHERE tenant_id = @tenant AND (subject_id = @subject OR key_version = ANY (@versions))
        """;

    private readonly Guid? subject;
    private readonly int[] versions;

    private KeySelection(Guid? subject, int[] versions)
    {
        this.subject = subject;
        this.versions = versions;
    }

    public static KeySelection Of(Guid patient) => new(patient, []);

    public static KeySelection Under(IEnumerable<int> tenantKeyVersions) => new(null, [.. tenantKeyVersions]);

    public IQueryable<SubjectKey> In(AppDbContext db) =>
        db.Set<SubjectKey>().Where(key => key.SubjectId == subject || versions.Contains(key.KeyVersion));

    /// <summary>
    /// Waits for those who are saving rows under these keys, and keeps others from beginning: they ask for a
    /// shared lock first (keys.refuse_erased).
    /// </summary>
    public Task LockAsync(AppDbContext db, CancellationToken ct) => db.Database.ExecuteSqlAsync($"""
        SELECT FROM keys.subject_keys
        WHERE tenant_id = {db.TenantId.Value} AND (subject_id = {subject} OR key_version = ANY ({versions})) FOR UPDATE
        """, ct);

    public void AddTo(NpgsqlCommand command)
    {
        command.Parameters.Add(new NpgsqlParameter("subject", NpgsqlDbType.Uuid) { Value = subject is { } id ? id : DBNull.Value });
        command.Parameters.Add(new NpgsqlParameter<int[]>("versions", versions));
    }
}
