using HipaaTemplate.Platform.Protection;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Platform.Auditing;

/// <summary>
/// One event of the audit trail, as it is stored, sealed and exported (docs/explanation/audit-format.md). Ids
/// and fixed words only: nothing of it is patients' data.
/// </summary>
internal sealed record AuditEntry
{
    /// <summary>The log of what happened before a tenant was known.</summary>
    public static readonly TenantId Platform = TenantId.From(Guid.AllBitsSet);

    public required TenantId Tenant { get; init; }

    public required Guid Id { get; init; }

    /// <summary>To the microsecond; its month in UTC says which log it is sealed in.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The process that wrote it.</summary>
    public required Guid Writer { get; init; }

    /// <summary>Counts the writer's events of this tenant, from 0.</summary>
    public required long Number { get; init; }

    /// <summary>Numbers given before to events whose transaction the writer did not see commit.</summary>
    public IReadOnlyList<long> Void { get; init; } = [];

    public required string Action { get; init; }

    public required string Outcome { get; init; }

    /// <summary>The error code that was answered.</summary>
    public string? Code { get; init; }

    public required string ActorType { get; init; }

    public string? Actor { get; init; }

    public string? Session { get; init; }

    public string? Address { get; init; }

    public string? Purpose { get; init; }

    /// <summary>Method and route, never the path that was asked for.</summary>
    public string? Endpoint { get; init; }

    public string? Request { get; init; }

    public string? Trace { get; init; }

    /// <summary>What this action says besides, in the words of the code: docs/AUDIT_EVENTS.md.</summary>
    public string? Detail { get; init; }

    public IReadOnlyList<Guid> Patients { get; init; } = [];

    public IReadOnlyList<AuditedRecord> Records { get; init; } = [];

    /// <summary>The version of the tenant's key that the MAC is under; in the platform's log a number that tells its keys apart.</summary>
    public required int KeyVersion { get; init; }
}

/// <param name="Access">C created, R revealed, U changed, D removed.</param>
/// <param name="Table">Its number (docs/PHI_INVENTORY.md).</param>
/// <param name="Id">Of the row.</param>
internal readonly record struct AuditedRecord(char Access, int Table, Guid Id)
{
    public static AuditedRecord OfRevealed(PhiRow row) => new('R', row.Table.Number, row.Entity.Id);
}
