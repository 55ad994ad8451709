namespace HipaaTemplate.Platform.Auditing;

/// <summary>Who did something, from where, on which request, and why.</summary>
internal sealed record AuditActor(AuditActorType Type)
{
    public string? Id { get; init; }

    /// <summary>The issuer's id of the sign-in.</summary>
    public string? Session { get; init; }

    /// <summary>Of the client.</summary>
    public string? Address { get; init; }

    /// <summary>A code of <see cref="PurposesOfUse"/>.</summary>
    public string? Purpose { get; init; }

    public string? Endpoint { get; init; }

    public string? Request { get; init; }

    public string? Trace { get; init; }

    /// <param name="name">Of the work, in the words of the code.</param>
    public static AuditActor System(string name) => new(AuditActorType.System) { Id = name };
}
