using System.Collections.Concurrent;
using System.Text.Json.Serialization.Metadata;
using HipaaTemplate.Platform;
using HipaaTemplate.Platform.Authorization;
using HipaaTemplate.Platform.Database;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Tests.Harness;

/// <summary>
/// Requests that go wrong in the middle of a transaction that has read and written the tenant's rows.
/// Only in the hosts of tests that ask for it.
/// </summary>
internal sealed class FaultFeature : IFeature
{
    public const string Path = "/api/v1/faults";

    /// <summary>Text of the rows that no fault may leave behind.</summary>
    public const string Text = "unfinished";

    private static readonly TimeSpan RequestTimeout = TimeSpan.FromMilliseconds(100);
    private readonly ConcurrentDictionary<Guid, TaskCompletionSource> begun = [];

    public IJsonTypeInfoResolver Json => ProbeJson.Default;

    /// <summary>Completes when the request with this id is about to wait for the database.</summary>
    public Task BegunAsync(Guid id) => Begun(id).Task;

    public void MapEndpoints(IEndpointRouteBuilder api)
    {
        var faults = api.MapGroup("/faults").RequireAuthorization(Policies.WriteRecords);
        faults.MapGet("/waits/{id:guid}", (Guid id, AppDbContext db, CancellationToken ct) =>
            FailAsync(db, () => WaitAsync(id, db, ct), ct));
        faults.MapGet("/times-out/{id:guid}", (Guid id, AppDbContext db, CancellationToken ct) =>
            FailAsync(db, () => WaitAsync(id, db, ct), ct)).WithRequestTimeout(RequestTimeout);
        faults.MapGet("/is-timed-out-by-the-server/{id:guid}", (Guid id, AppDbContext db, CancellationToken ct) =>
            FailAsync(
                db,
                async () =>
                {
                    await db.Database.ExecuteSqlAsync($"SET LOCAL statement_timeout = 20", ct);
                    await WaitAsync(id, db, ct);
                },
                ct));
        faults.MapGet("/throws/{id:guid}", (AppDbContext db, CancellationToken ct) =>
            FailAsync(db, () => throw new InvalidOperationException("In the middle of a transaction."), ct));
        faults.MapGet("/breaks-the-transaction/{id:guid}", (AppDbContext db, CancellationToken ct) =>
            FailAsync(db, () => db.Database.ExecuteSqlAsync($"SELECT 1 / 0", ct), ct));
    }

    private static Task<IResult> FailAsync(AppDbContext db, Func<Task> failAsync, CancellationToken ct) =>
        db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            await db.Set<Probe>().LoadAsync(ct);
            db.Add(new Probe { Id = Guid.CreateVersion7(), Text = $"{Text} {Guid.CreateVersion7()}" });
            await db.SaveChangesAsync(ct);
            await failAsync();
            return (IResult)TypedResults.NoContent();
        });

    private Task<int> WaitAsync(Guid id, AppDbContext db, CancellationToken ct)
    {
        Begun(id).TrySetResult();
        // Long, but not for ever: a cancellation travels on a connection of its own and may come too late.
        return db.Database.ExecuteSqlAsync($"SELECT pg_sleep(10)", ct);
    }

    private TaskCompletionSource Begun(Guid id) => begun.GetOrAdd(
        id, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}
