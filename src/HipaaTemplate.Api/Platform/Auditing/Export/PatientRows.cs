namespace HipaaTemplate.Platform.Auditing.Export;

/// <summary>
/// Which rows of an event are of which of its patients. A patient's own row has the patient's id. Of the other
/// rows an event with several patients does not say whose they are: they are told with each.
/// </summary>
internal sealed class PatientRows(AuditEntry entry)
{
    private readonly IReadOnlyList<AuditedRecord> shared = SharedOf(entry);

    public IReadOnlyList<AuditedRecord> Of(Guid patient) => entry.Patients.Count == 1
        ? entry.Records
        : [.. entry.Records.Where(record => record.Id == patient), .. shared];

    private static List<AuditedRecord> SharedOf(AuditEntry entry)
    {
        var patients = entry.Patients.ToHashSet();
        return [.. entry.Records.Where(record => !patients.Contains(record.Id))];
    }
}
