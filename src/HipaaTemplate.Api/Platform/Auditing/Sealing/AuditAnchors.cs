using System.Globalization;
using System.Text.Json;
using HipaaTemplate.Platform.Auditing.Export;
using HipaaTemplate.Platform.Database;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Auditing.Sealing;

/// <summary>
/// Writes what was sealed to a place outside the database, so that who rewrites the database is found out:
/// files that hold all heads in order (docs/explanation/audit-format.md).
/// </summary>
internal sealed class AuditAnchors(SealStore store, IOptions<AuditSettings> settings)
{
    private const string Extension = ".ndjson";

    /// <returns>How many heads are new in the anchors; none while another process is at it.</returns>
    /// <exception cref="SealDamagedException">The anchors are ahead of the database: it is not the one they are of, or an older one.</exception>
    public async Task<long> WriteAsync(CancellationToken ct)
    {
        if (settings.Value.AnchorDirectory is not { } directory)
        {
            return 0;
        }

        await using var work = await store.BeginAsync(ct);
        if (!await work.TryLeadAsync(ct))
        {
            return 0;
        }

        var seal = await work.LastSealAsync(ct);
        var anchored = LastIn(directory);
        if ((seal?.Heads ?? 0) < anchored)
        {
            throw new SealDamagedException("the anchors are ahead of the database");
        }

        if (seal is null || seal.Heads == anchored)
        {
            return 0;
        }

        var heads = await work.HeadsAsync(anchored, seal.Heads, ct);
        var line = JsonSerializer.Serialize(
            new
            {
                type = "anchor",
                from = anchored,
                heads = heads.Select(head => head.Log.CheckpointAt(settings.Value.LogName, head.Size, head.Root).Format()),
                note = seal.Note,
            },
            AuditJson.Options);
        await AddAsync(Path.Combine(directory, $"{seal.Heads:D20}{Extension}"), $"{line}\n", ct);
        return seal.Heads - anchored;
    }

    private static long LastIn(string directory) => Directory.EnumerateFiles(directory, $"*{Extension}")
        .Select(file => long.TryParse(Path.GetFileNameWithoutExtension(file), NumberStyles.None, CultureInfo.InvariantCulture, out var size) ? size : 0)
        .DefaultIfEmpty(0).Max();

    /// <summary>All of it or nothing, and never in another one's place.</summary>
    private static async Task AddAsync(string file, string text, CancellationToken ct)
    {
        var unfinished = $"{file}.{Guid.CreateVersion7():N}";
        try
        {
            await using (var stream = new FileStream(unfinished, FileMode.CreateNew, FileAccess.Write))
            {
                await using var writer = new StreamWriter(stream);
                await writer.WriteAsync(text.AsMemory(), ct);
                await writer.FlushAsync(ct);
                stream.Flush(flushToDisk: true);
            }

            File.Move(unfinished, file, overwrite: false);
        }
        finally
        {
            File.Delete(unfinished);
        }
    }
}
