using HipaaTemplate.Platform.Auditing.Sealing;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Auditing.Export;

/// <summary>Bundles of a log and proofs of one event, for those who have neither this server nor its database.</summary>
internal sealed class AuditExport(IOptions<DatabaseSettings> database, IOptions<AuditSettings> settings, TimeProvider time)
{
    /// <summary>A whole log.</summary>
    /// <param name="log">Whose.</param>
    /// <param name="output">The lines.</param>
    /// <param name="ct">To stop.</param>
    /// <param name="tellAsync">Stores the export's own event: after what is exported was seen, which does not hold it, and before any of it is given out.</param>
    public async Task BundleAsync(AuditLog log, TextWriter output, CancellationToken ct, Func<Task>? tellAsync = null)
    {
        await using var reader = await AuditReader.OpenAsync(database, ct);
        await (tellAsync?.Invoke() ?? Task.CompletedTask);
        await output.WriteLineAsync(AuditJson.Header("log", log, time.GetUtcNow()));
        await foreach (var stored in reader.EventsAsync(log, ct))
        {
            await output.WriteLineAsync(AuditJson.Event(stored));
        }

        await WriteHeadAsync(reader, log, output, ct);
    }

    /// <returns>False when there is no such event, or it is not sealed yet.</returns>
    public async Task<bool> ProofAsync(TenantId tenant, Guid id, TextWriter output, CancellationToken ct, Func<Task>? tellAsync = null)
    {
        await using var reader = await AuditReader.OpenAsync(database, ct);
        if (await reader.FindEventAsync(tenant, id, ct) is not { Leaf: { } leaf } stored)
        {
            return false;
        }

        await (tellAsync?.Invoke() ?? Task.CompletedTask);
        var log = AuditLog.Of(tenant, stored.Stamped.Entry.At);
        var size = (await reader.NewestHeadAsync(log, ct))!.Size;
        await output.WriteLineAsync(AuditJson.Header("proof", log, time.GetUtcNow()));
        await output.WriteLineAsync(AuditJson.Event(stored));
        await output.WriteLineAsync(AuditJson.Inclusion(await StreamedProof.InclusionAsync(reader.LeafHashesAsync(log, ct), leaf, size)));
        await WriteHeadAsync(reader, log, output, ct);
        return true;
    }

    private async Task WriteHeadAsync(AuditReader reader, AuditLog log, TextWriter output, CancellationToken ct)
    {
        if (await reader.NewestHeadAsync(log, ct) is { } head && await reader.LastSealAsync(ct) is { } seal)
        {
            var proof = await StreamedProof.InclusionAsync(reader.HeadHashesAsync(ct), head.Number, seal.Heads);
            await output.WriteLineAsync(AuditJson.Head(
                log.CheckpointAt(settings.Value.LogName, head.Size, head.Root).Format(), head.Number, proof, seal.Note));
        }
    }
}
