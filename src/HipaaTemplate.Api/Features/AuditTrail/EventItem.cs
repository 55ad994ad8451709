using HipaaTemplate.Platform.Database;

namespace HipaaTemplate.Features.AuditTrail;

/// <summary>One event, as docs/explanation/audit-format.md has it: ids and fixed words.</summary>
/// <param name="Leaf">Its place in its log; null while it is not sealed.</param>
internal sealed record EventItem(
    Guid Id,
    DateTimeOffset At,
    string Action,
    string Outcome,
    string? Code,
    string ActorType,
    string? Actor,
    string? Session,
    string? Address,
    string? Purpose,
    string? Endpoint,
    string? Request,
    string? Trace,
    string? Detail,
    IReadOnlyList<Guid> Patients,
    IReadOnlyList<RecordItem> Records,
    long? Leaf)
{
    public static EventItem From(StoredEvent stored)
    {
        var entry = stored.Stamped.Entry;
        return new EventItem(
            entry.Id, entry.At, entry.Action, entry.Outcome, entry.Code, entry.ActorType, entry.Actor, entry.Session, entry.Address,
            entry.Purpose, entry.Endpoint, entry.Request, entry.Trace, entry.Detail, entry.Patients,
            [.. entry.Records.Select(record => new RecordItem(AccessWords.Of(record.Access), record.Table, record.Id))],
            stored.Leaf);
    }
}

/// <param name="Access">What was done to the row.</param>
/// <param name="Table">Its number (docs/PHI_INVENTORY.md).</param>
internal sealed record RecordItem(string Access, int Table, Guid Id);

internal static class AccessWords
{
    public static string Of(char access) => access switch
    {
        'C' => "created",
        'R' => "read",
        'U' => "changed",
        'D' => "removed",
        _ => "other",
    };
}
