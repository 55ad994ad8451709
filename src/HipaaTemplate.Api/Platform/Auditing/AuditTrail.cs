using System.Collections.Concurrent;
using HipaaTemplate.Platform.Auditing.Sealing;
using HipaaTemplate.Platform.Database;
using Npgsql;

namespace HipaaTemplate.Platform.Auditing;

/// <summary>
/// Stores events that have no transaction of their own, many in one commit: whoever comes while one is under
/// way is in the next. It promises nothing before it is done.
/// </summary>
internal sealed class AuditTrail(AuditStore store, SealWatch watch, TimeProvider time)
{
    /// <summary>Bounds what is lost when a commit fails, and how long the last one in it waits.</summary>
    private const int MostAtOnce = 500;

    /// <summary>Between attempts; the same that a saved change gets (DatabaseExtensions).</summary>
    private static readonly TimeSpan[] Pauses =
        [.. from milliseconds in new[] { 50, 500, 1_500 } select TimeSpan.FromMilliseconds(milliseconds)];

    private readonly ConcurrentQueue<Waiting> queue = new();
    private readonly AuditNumbers numbers = new(time, isSerial: true);
    private int isBeingEmptied;

    /// <summary>Returns when it is stored. It is stored too when nobody waits any more.</summary>
    /// <param name="draft">Taken over.</param>
    /// <param name="ct">Of who waits.</param>
    /// <exception cref="AuditUnavailableException">It could not be stored, as far as is known.</exception>
    public async Task WriteAsync(AuditDraft draft, CancellationToken ct)
    {
        var waiting = new Waiting(draft);
        queue.Enqueue(waiting);
        if (Interlocked.Exchange(ref isBeingEmptied, 1) == 0)
        {
            // Of nobody's request: not with the first one's cancellation, nor with its place in the traces.
            using (ExecutionContext.SuppressFlow())
            {
                _ = Task.Run(EmptyAsync, CancellationToken.None);
            }
        }

        await waiting.Stored.Task.WaitAsync(ct);
    }

    private async Task EmptyAsync()
    {
        do
        {
            while (Take() is { Count: > 0 } batch)
            {
                await StoreAsync(batch);
                batch.ForEach(waiting => waiting.Draft.Dispose());
            }

            Volatile.Write(ref isBeingEmptied, 0);
        }
        while (!queue.IsEmpty && Interlocked.Exchange(ref isBeingEmptied, 1) == 0);
    }

    private List<Waiting> Take()
    {
        List<Waiting> batch = [];
        while (batch.Count < MostAtOnce && queue.TryDequeue(out var waiting))
        {
            batch.Add(waiting);
        }

        return batch;
    }

    private async Task StoreAsync(List<Waiting> batch)
    {
        // Numbered here and not where they come from, so that they are stored in the order of their numbers.
        List<StampedEntry> entries = [.. batch.Select(waiting => AuditStamp.Stamp(waiting.Draft, numbers))];
        try
        {
            await AddAsync(entries);
            entries.ForEach(stamped => numbers.Stored(stamped.Entry));
            entries.ForEach(watch.Stored);
            batch.ForEach(waiting => waiting.Stored.SetResult());
        }
        // One that cannot be stored must not take the others with it.
        catch (PostgresException) when (batch.Count > 1)
        {
            entries.ForEach(stamped => numbers.NotStored(stamped.Entry));
            foreach (var waiting in batch)
            {
                await StoreAsync([waiting]);
            }
        }
#pragma warning disable CA1031 // Whatever it is, it is told to those who wait.
        catch (Exception e)
#pragma warning restore CA1031
        {
            entries.ForEach(stamped => numbers.NotStored(stamped.Entry));
            batch.ForEach(waiting => waiting.Stored.SetException(new AuditUnavailableException(e)));
        }
    }

    private async Task AddAsync(IReadOnlyCollection<StampedEntry> entries)
    {
        foreach (var pause in Pauses)
        {
            try
            {
                await store.AddAsync(entries, CancellationToken.None);
                return;
            }
            catch (NpgsqlException e) when (e.IsTransient)
            {
                await Task.Delay(pause, time);
            }
            // The attempt before was not answered, and had stored all of them: ids are never given twice.
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation)
            {
                return;
            }
        }

        await store.AddAsync(entries, CancellationToken.None);
    }

    private sealed record Waiting(AuditDraft Draft)
    {
        public TaskCompletionSource Stored { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
