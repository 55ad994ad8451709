using System.Collections.Frozen;

namespace HipaaTemplate.Platform.Auditing.Export;

/// <summary>One AuditEvent of an event: a profile of BALP has one patient and one interaction.</summary>
internal sealed record FhirPart(FhirInteraction Interaction, Guid? Patient, IReadOnlyList<AuditedRecord> Rows);

/// <summary>What each word of the trail is in FHIR. A new action needs a line here; a test says so.</summary>
internal static class FhirMapping
{
    // First what was changed, then what was only shown.
    private const string Letters = "CUDR";

    private static readonly FrozenDictionary<string, Func<AuditEntry, IReadOnlyList<AuditedRecord>, IEnumerable<(FhirInteraction, IReadOnlyList<AuditedRecord>)>>> Actions =
        new Dictionary<AuditAction, Func<AuditEntry, IReadOnlyList<AuditedRecord>, IEnumerable<(FhirInteraction, IReadOnlyList<AuditedRecord>)>>>
        {
            [AuditAction.ReadRecords] = (_, rows) => ByLetter(rows, FhirInteraction.Read),
            [AuditAction.ChangeRecords] = (_, rows) => ByLetter(rows, FhirInteraction.Update),
            [AuditAction.SearchRecords] = (_, rows) => [(FhirInteraction.Search, rows)],
            [AuditAction.RefuseAccess] = (entry, rows) => [(FhirInteraction.OfEndpoint(entry.Endpoint), rows)],
            [AuditAction.RefuseSignIn] = (_, rows) => [(FhirInteraction.Login, rows)],
            [AuditAction.ReadAuditTrail] = Always(FhirInteraction.AuditLogUsed),
            [AuditAction.ReviewAlerts] = Always(FhirInteraction.AuditLogUsed),
            [AuditAction.SignOffAlert] = Always(FhirInteraction.AuditLogUsed),
            [AuditAction.WatchPatient] = Always(FhirInteraction.SecurityConfigured),
            [AuditAction.UnwatchPatient] = Always(FhirInteraction.SecurityConfigured),
            [AuditAction.UseKey] = Always(FhirInteraction.KeyUsed),
            [AuditAction.MakeKey] = Always(FhirInteraction.SecurityConfigured),
            [AuditAction.RotateKeys] = Always(FhirInteraction.SecurityConfigured),
            [AuditAction.ResealRecords] = Always(FhirInteraction.SecurityConfigured),
            [AuditAction.RewrapKey] = Always(FhirInteraction.SecurityConfigured),
            [AuditAction.RetireKeys] = Always(FhirInteraction.SecurityConfigured),
            [AuditAction.DestroyKeys] = Always(FhirInteraction.SecurityConfigured),
            [AuditAction.ErasePatient] = Always(FhirInteraction.PatientRecord),
            [AuditAction.EraseTenant] = Always(FhirInteraction.PatientRecord),
            [AuditAction.PlaceHold] = Always(FhirInteraction.ObjectSecurityChanged),
            [AuditAction.ReleaseHold] = Always(FhirInteraction.ObjectSecurityChanged),
            [AuditAction.SetRetention] = Always(FhirInteraction.ObjectSecurityChanged),
            [AuditAction.DestroyLog] = Always(FhirInteraction.ObjectSecurityChanged),
            [AuditAction.ExportAuditTrail] = Always(FhirInteraction.Export),
            [AuditAction.ExportAuditKeys] = Always(FhirInteraction.Export),
            [AuditAction.ArchiveAuditTrail] = Always(FhirInteraction.Export),
            [AuditAction.ChangeTenant] = Always(FhirInteraction.SecurityConfigured),
            [AuditAction.ChangeIssuer] = Always(FhirInteraction.SecurityConfigured),
        }.ToFrozenDictionary(pair => pair.Key.Word(), pair => pair.Value, StringComparer.Ordinal);

    // http://terminology.hl7.org/CodeSystem/audit-event-outcome: success, minor failure (as a 4xx), serious failure (as a 5xx).
    private static readonly FrozenDictionary<string, string> Outcomes = new Dictionary<string, string>
    {
        ["success"] = "0",
        ["refused"] = "4",
        ["failed"] = "8",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, bool> Persons = new Dictionary<string, bool>
    {
        ["user"] = true,
        ["operator"] = true,
        ["system"] = false,
        ["unknown"] = false,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <exception cref="NotSupportedException">This version does not know the word.</exception>
    public static IEnumerable<FhirPart> PartsOf(AuditEntry entry)
    {
        var split = Find(Actions, entry.Action);
        if (entry.Patients.Count == 0)
        {
            return split(entry, entry.Records).Select(part => new FhirPart(part.Item1, null, part.Item2));
        }

        var rows = new PatientRows(entry);
        return from patient in entry.Patients
               from part in split(entry, rows.Of(patient))
               select new FhirPart(part.Item1, patient, part.Item2);
    }

    /// <exception cref="NotSupportedException">Likewise.</exception>
    public static string OutcomeOf(AuditEntry entry) => Find(Outcomes, entry.Outcome);

    /// <exception cref="NotSupportedException">Likewise.</exception>
    public static bool IsPerson(AuditEntry entry) => Find(Persons, entry.ActorType);

    private static Func<AuditEntry, IReadOnlyList<AuditedRecord>, IEnumerable<(FhirInteraction, IReadOnlyList<AuditedRecord>)>> Always(
        FhirInteraction interaction) => (_, rows) => [(interaction, rows)];

    private static IEnumerable<(FhirInteraction Interaction, IReadOnlyList<AuditedRecord> Rows)> ByLetter(
        IReadOnlyList<AuditedRecord> rows, FhirInteraction ofNone) => rows.Count == 0
        ? [(ofNone, rows)]
        : rows.GroupBy(row => row.Access).OrderBy(group => Letters.IndexOf(group.Key, StringComparison.Ordinal))
            .Select(group => (FhirInteraction.Of(group.Key), (IReadOnlyList<AuditedRecord>)[.. group]));

    private static T Find<T>(FrozenDictionary<string, T> words, string word) => words.TryGetValue(word, out var value)
        ? value
        : throw new NotSupportedException($"This version has no mapping to FHIR for {word}.");
}
