namespace HipaaTemplate.Platform.Auditing;

/// <summary>Which of a tenant's events are asked for. What is null is not asked about.</summary>
internal sealed record TrailFilter
{
    /// <summary>Events that name this patient.</summary>
    public Guid? Patient { get; init; }

    /// <summary>An id, as <see cref="AuditEntry.Actor"/> has it.</summary>
    public string? Actor { get; init; }

    /// <summary>A word of <see cref="AuditAction"/>.</summary>
    public string? Action { get; init; }

    /// <summary>A word of <see cref="AuditOutcome"/>.</summary>
    public string? Outcome { get; init; }

    /// <summary>From this moment on.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Before this one.</summary>
    public DateTimeOffset? To { get; init; }

    /// <summary>Older than this event: where a page goes on.</summary>
    public Guid? Before { get; init; }
}
