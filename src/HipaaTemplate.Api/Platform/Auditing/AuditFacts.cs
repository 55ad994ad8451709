namespace HipaaTemplate.Platform.Auditing;

/// <summary>What happened, before it has a number, a time and a MAC.</summary>
internal sealed record AuditFacts(AuditAction Action, AuditOutcome Outcome, AuditActor Actor)
{
    /// <summary>The error code that is answered.</summary>
    public string? Code { get; init; }

    public IReadOnlyList<Guid> Patients { get; init; } = [];

    public IReadOnlyList<AuditedRecord> Records { get; init; } = [];
}

/// <param name="Entry">The event.</param>
/// <param name="Mac">Of its bytes.</param>
/// <param name="LeafHash">What the tree that seals it is made of.</param>
internal sealed record StampedEntry(AuditEntry Entry, byte[] Mac, byte[] LeafHash);
