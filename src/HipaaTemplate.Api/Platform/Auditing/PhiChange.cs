using HipaaTemplate.Platform.Auditing.Alerts;
using HipaaTemplate.Platform.Protection;

namespace HipaaTemplate.Platform.Auditing;

/// <summary>A row of a patient that is saved.</summary>
internal sealed record PhiChange(AuditedRecord Record, PhiEntity Row)
{
    /// <summary>All that one transaction did.</summary>
    /// <param name="changes">In their order; the last of a row counts.</param>
    /// <param name="revealed">Rows that were revealed and stand in no event yet.</param>
    /// <param name="actor">Who did it.</param>
    /// <param name="familyName">Of the actor, where it is to be compared.</param>
    public static AuditFacts FactsOf(IReadOnlyList<PhiChange> changes, IReadOnlyList<PhiRow> revealed, AuditActor actor, string? familyName)
    {
        var records = new Dictionary<(int, Guid), AuditedRecord>();
        foreach (var change in changes)
        {
            records[(change.Record.Table, change.Record.Id)] = change.Record;
        }

        foreach (var record in revealed.Select(AuditedRecord.OfRevealed))
        {
            records.TryAdd((record.Table, record.Id), record);
        }

        List<PhiEntity> rows = [.. changes.Select(change => change.Row).Concat(revealed.Select(row => row.Entity))];
        return new AuditFacts(AuditAction.ChangeRecords, AuditOutcome.Success, actor)
        {
            Patients = [.. rows.Select(row => row.SubjectId).Distinct()],
            Records = [.. records.Values],
            Detail = FamilyNames.Compare(familyName, rows),
        };
    }
}
