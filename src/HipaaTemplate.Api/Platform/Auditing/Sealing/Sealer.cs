using System.Globalization;
using System.Text;
using HipaaTemplate.Platform.Auditing.Log;
using HipaaTemplate.Platform.Database;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HipaaTemplate.Platform.Auditing.Sealing;

/// <summary>
/// Takes events into the trees of their logs and signs what came of it. It may be stopped anywhere: what it
/// did is one transaction. Several may try; one does it.
/// </summary>
internal sealed class Sealer(
    SealStore store, AuditSigner signer, AuditSigningKeys keys, IOptions<AuditSettings> settings, TimeProvider time)
{
    /// <summary>Bounds the transaction; who has more comes again at once.</summary>
    public const int MostAtOnce = 10_000;

    /// <returns>How many events were sealed; null when another process was at it.</returns>
    /// <exception cref="SealDamagedException">What was sealed before was changed.</exception>
    public async Task<int?> SealAsync(CancellationToken ct)
    {
        try
        {
            return await SealOnceAsync(ct);
        }
        // Who got the lock just as the one before committed may not see what that one did.
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.SerializationFailure)
        {
            return null;
        }
    }

    private async Task<int?> SealOnceAsync(CancellationToken ct)
    {
        // Before the transaction: a key service may take its time.
        var notes = await signer.GetAsync(ct);
        await using var work = await store.BeginAsync(ct);
        if (!await work.TryLeadAsync(ct))
        {
            return null;
        }

        var last = await work.LastSealAsync(ct);
        var horizon = await work.HorizonAsync(ct);
        // Lower than before: the database was moved to another server, and numbers of transactions began anew.
        var from = last is not null && last.Horizon <= horizon ? last.Horizon : 0;
        var events = await work.UnsealedAsync(from, horizon, MostAtOnce, ct);
        if (events.Count == 0)
        {
            return 0;
        }

        var tree = TreeOf(last?.Heads ?? 0, last?.Peaks ?? []);
        await CheckAsync(last, tree, ct);
        var (leaves, heads) = await AppendAsync(work, events, tree.Size, ct);
        foreach (var head in heads)
        {
            tree.Append(head.LeafHash);
        }

        var now = time.GetUtcNow();
        var note = await SignedNote.SignAsync(HeadsText(tree, now), [notes], ct);
        var isAll = events.Count < MostAtOnce;
        await work.AddAsync(
            leaves, heads, new Seal(tree.Size, tree.Save(), isAll ? horizon : events[^1].Transaction, now, Encoding.UTF8.GetString(note.Format())), ct);
        await work.CommitAsync(ct);
        return events.Count;
    }

    private async Task<(List<SealedLeaf> Leaves, List<SealedHead> Heads)> AppendAsync(
        SealStore.SealWork work, List<UnsealedEvent> events, long nextHead, CancellationToken ct)
    {
        var logs = events.GroupBy(one => AuditLog.Of(one.Tenant, one.At)).ToList();
        var newest = await work.NewestHeadsAsync([.. logs.Select(log => log.Key)], ct);
        List<SealedLeaf> leaves = [];
        List<SealedHead> heads = [];
        foreach (var log in logs)
        {
            var before = newest.GetValueOrDefault(log.Key);
            var tree = TreeOf(before?.Size ?? 0, before?.Peaks ?? []);
            if (before is not null && !before.Root.AsSpan().SequenceEqual(tree.Root()))
            {
                throw new SealDamagedException("a log's root and its peaks do not go together");
            }

            foreach (var one in log)
            {
                leaves.Add(new SealedLeaf(log.Key, tree.Size, one));
                tree.Append(one.LeafHash);
            }

            var root = tree.Root();
            var leafHash = new byte[MerkleHash.Length];
            MerkleHash.Leaf(Encoding.UTF8.GetBytes(log.Key.CheckpointAt(settings.Value.LogName, tree.Size, root).Format()), leafHash);
            heads.Add(new SealedHead(nextHead + heads.Count, log.Key, tree.Size, root, tree.Save(), leafHash));
        }

        return (leaves, heads);
    }

    /// <summary>What it goes on from is what it signed.</summary>
    private async Task CheckAsync(Seal? last, MerkleTree tree, CancellationToken ct)
    {
        if (last is not null && !(SignedNote.TryParse(Encoding.UTF8.GetBytes(last.Note), out var note)
            && note.Verify([.. await keys.PublicKeysAsync(ct)]) == NoteVerdict.Verified
            && Checkpoint.TryParse(note.Text, out var checkpoint)
            && checkpoint.Size == tree.Size && checkpoint.Root.SequenceEqual(tree.Root())))
        {
            throw new SealDamagedException("the last seal is not what was signed");
        }
    }

    private string HeadsText(MerkleTree tree, DateTimeOffset now) => new Checkpoint(
        $"{settings.Value.LogName}/heads",
        tree.Size,
        tree.Root(),
        string.Create(CultureInfo.InvariantCulture, $"time {now.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}")).Format();

    private static MerkleTree TreeOf(long size, byte[][] peaks) => MerkleTree.TryRestore(size, peaks, out var tree)
        ? tree
        : throw new SealDamagedException("a tree's size and its peaks do not go together");
}
