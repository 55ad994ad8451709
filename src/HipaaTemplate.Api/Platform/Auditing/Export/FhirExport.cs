using HipaaTemplate.Platform.Auditing.Sealing;
using HipaaTemplate.Platform.Database;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Auditing.Export;

/// <summary>A whole log as <c>application/fhir+ndjson</c>, for a repository of audit records. It carries no seal: the bundle does.</summary>
internal sealed class FhirExport(IOptions<DatabaseSettings> database, IOptions<AuditSettings> settings, RecordKinds kinds)
{
    /// <param name="log">Whose.</param>
    /// <param name="output">The lines.</param>
    /// <param name="tellAsync">Stores the export's own event, before anything is given out.</param>
    /// <param name="ct">To stop.</param>
    /// <exception cref="NotSupportedException">An event was written by a version that this one does not know.</exception>
    public async Task WriteAsync(AuditLog log, TextWriter output, Func<Task> tellAsync, CancellationToken ct)
    {
        var resources = new FhirAuditEvent(settings.Value.LogName, kinds);
        await using var reader = await AuditReader.OpenAsync(database, ct);
        await tellAsync();
        await foreach (var stored in reader.EventsAsync(log, ct))
        {
            foreach (var line in resources.Lines(stored.Stamped.Entry))
            {
                await output.WriteLineAsync(line);
            }
        }
    }
}
