using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Auditing.Export;

/// <summary>
/// To whom a patient's data was shown, and who changed it, as CSV: what this system knows for an accounting of
/// disclosures (45 CFR 164.528). Which of them need not be accounted for is for people to say.
/// </summary>
internal sealed class DisclosureExport(IOptions<DatabaseSettings> database, RecordKinds kinds)
{
    /// <summary>As far back as a patient may ask (164.528(a)(1)).</summary>
    public const int Years = 6;

    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    // Three are what the rule names; the ids lead back to the event and its proof.
    private static readonly string[] Header = ["date", "recipient", "disclosed", "purpose", "request_id", "event_id"];

    /// <param name="tenant">Whose patient.</param>
    /// <param name="patient">About whom.</param>
    /// <param name="from">The first moment.</param>
    /// <param name="to">The first one after it.</param>
    /// <param name="output">The lines.</param>
    /// <param name="tellAsync">Stores the export's own event, before anything is given out.</param>
    /// <param name="ct">To stop.</param>
    public async Task WriteAsync(
        TenantId tenant, Guid patient, DateTimeOffset from, DateTimeOffset to, TextWriter output, Func<Task> tellAsync, CancellationToken ct)
    {
        await using var reader = await AuditReader.OpenAsync(database, ct);
        await tellAsync();
        await output.WriteAsync(CsvLine.Of(Header));
        await foreach (var entry in reader.EventsOfAsync(tenant, patient, from, to, ct))
        {
            if (LineOf(entry, patient) is { } line)
            {
                await output.WriteAsync(line);
            }
        }
    }

    /// <returns>Null when nothing of the patient was shown or changed.</returns>
    public string? LineOf(AuditEntry entry, Guid patient)
    {
        if (entry.Outcome != AuditOutcome.Success.Word() || !entry.Patients.Contains(patient))
        {
            return null;
        }

        var rows = new PatientRows(entry).Of(patient);
        return rows.Count == 0 ? null : CsvLine.Of(
        [
            entry.At.UtcDateTime.ToString(TimeFormat, null),
            entry.Actor is { } actor ? $"{entry.ActorType} {actor}" : entry.ActorType,
            string.Join("; ", rows.GroupBy(row => (row.Access, row.Table)).Select(group => $"{VerbOf(group.Key.Access)} {kinds.NameOf(group.Key.Table)} ({group.Count()})")),
            entry.Purpose is { } purpose ? $"{purpose} {PurposesOfUse.All.GetValueOrDefault(purpose)}".TrimEnd() : "",
            entry.Request ?? "",
            entry.Id.ToString(),
        ]);
    }

    private static string VerbOf(char access) => access switch
    {
        'C' => "created",
        'R' => "read",
        'U' => "changed",
        'D' => "removed",
        _ => throw new ArgumentOutOfRangeException(nameof(access)),
    };
}
