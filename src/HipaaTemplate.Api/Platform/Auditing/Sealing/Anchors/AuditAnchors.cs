using System.Globalization;
using System.Text.Json;
using HipaaTemplate.Platform.Auditing.Export;
using HipaaTemplate.Platform.Database;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Auditing.Sealing.Anchors;

/// <summary>
/// Puts what was sealed to a place outside the database, so that who rewrites the database is found out:
/// objects that hold all heads in order (docs/explanation/audit-format.md).
/// </summary>
internal sealed class AuditAnchors(SealStore store, Lazy<IAnchorPlace?> place, IOptions<AuditSettings> settings)
{
    /// <summary>In one anchor, whose line has 64 MiB at most; after an outage there are several.</summary>
    public const int MostHeads = 100_000;

    private const string Extension = ".ndjson";

    /// <summary>How far back the last anchor is looked for first: a place may hold one for each minute of seven years.</summary>
    private const long FirstSpan = 1_000;
    private const int Growth = 32;

    private bool isChecked;

    /// <returns>How many heads are new in the anchors; null where there is no place for them, or another process is at it.</returns>
    /// <exception cref="AnchorPlaceException">The place took none, or is none.</exception>
    /// <exception cref="SealDamagedException">The anchors are ahead of the database: it is not the one they are of, or an older one.</exception>
    public async Task<long?> WriteAsync(CancellationToken ct)
    {
        if (place.Value is not { } to)
        {
            return null;
        }

        if (!isChecked)
        {
            await to.CheckAsync(ct);
            isChecked = true;
        }

        // Not the lock of who seals: sealing does not wait for a service in a network.
        await using var work = await store.BeginAsync(ct);
        if (!await work.TryAnchorAsync(ct))
        {
            return null;
        }

        var newest = (await work.LastSealAsync(ct))?.Heads ?? 0;
        var anchored = await LastAsync(to, newest, ct);
        if (newest < anchored)
        {
            throw new SealDamagedException("the anchors are ahead of the database");
        }

        var began = anchored;
        while (anchored < newest)
        {
            var seal = await work.SealAsync(anchored, MostHeads, ct);
            await to.PutAsync(NameOf(seal.Heads), await LineAsync(work, anchored, seal, ct), ct);
            anchored = seal.Heads;
        }

        return anchored - began;
    }

    private static string NameOf(long heads) => $"{heads:D20}{Extension}";

    private static async Task<long> LastAsync(IAnchorPlace place, long newest, CancellationToken ct)
    {
        for (var span = FirstSpan; ; span *= Growth)
        {
            var from = Math.Max(0, newest - span);
            var last = 0L;
            await foreach (var name in place.ListAsync(NameOf(from), ct))
            {
                last = SizeOf(name) ?? last;
            }

            if (last > 0 || from == 0)
            {
                return last;
            }
        }
    }

    /// <returns>Null where it is no anchor's name.</returns>
    private static long? SizeOf(string name) =>
        name.EndsWith(Extension, StringComparison.Ordinal)
        && long.TryParse(name[..^Extension.Length], NumberStyles.None, CultureInfo.InvariantCulture, out var size) && name == NameOf(size)
            ? size
            : null;

    private async Task<byte[]> LineAsync(SealStore.SealWork work, long from, Seal seal, CancellationToken ct)
    {
        var heads = await work.HeadsAsync(from, seal.Heads, ct);
        var line = JsonSerializer.SerializeToUtf8Bytes(
            new
            {
                type = "anchor",
                from,
                heads = heads.Select(head => head.Log.CheckpointAt(settings.Value.LogName, head.Size, head.Root).Format()),
                note = seal.Note,
            },
            AuditJson.Options);
        return [.. line, (byte)'\n'];
    }
}
