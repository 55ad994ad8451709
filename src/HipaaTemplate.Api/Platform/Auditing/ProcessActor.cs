using HipaaTemplate.Platform.Database;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Auditing;

/// <summary>Who does what no request asks for.</summary>
internal sealed class ProcessActor(IOptions<AuditSettings> audit, IOptions<DatabaseSettings> database)
{
    private string? verb;

    /// <summary>The operator whose verb this process runs, or the process itself.</summary>
    public AuditActor Current => verb is null ? AuditActor.System("api") : Operator;

    /// <summary>
    /// A name and a login. The login is what PostgreSQL has verified; the name tells people apart who share one.
    /// </summary>
    public AuditActor Operator => new(AuditActorType.Operator)
    {
        Id = $"{audit.Value.Operator ?? UserName}@{DatabaseUrl.Parse(database.Value.Url).Username ?? UserName}",
        Endpoint = verb,
    };

    private static string UserName => Environment.UserName is { Length: > 0 } name ? name : "unknown";

    /// <param name="name">The verb.</param>
    /// <param name="arguments">Only the first one, where it is a word, is part of its name: the others are input.</param>
    public void Runs(string name, IReadOnlyList<string> arguments) =>
        verb = arguments is [var form, ..] && form.All(char.IsAsciiLetterLower) ? $"{name} {form}" : name;
}
