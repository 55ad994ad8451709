using System.Text;
using System.Text.Json.Serialization.Metadata;
using HipaaTemplate.Platform;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Authorization;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.OpenApi;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Tests.Harness;

/// <summary>Endpoints that reveal and change sealed rows in each way that a handler can; for hosts of a test's own.</summary>
internal sealed class RevealingFeature : IFeature
{
    public const string Path = "/api/v1/revealing";

    public IJsonTypeInfoResolver Json => ProbeJson.Default;

    public void MapEndpoints(IEndpointRouteBuilder api)
    {
        var revealing = api.MapGroup("/revealing").WithTags("Revealing").RequireAuthorization(Policies.WriteRecords);
        Map(revealing.MapGet("/{id:guid}", RevealAsync));
        Map(revealing.MapGet("/{id:guid}/itself", WriteItselfAsync));
        Map(revealing.MapGet("/{id:guid}/later", RevealLaterAsync));
        Map(revealing.MapGet("/{id:guid}/throw", RevealAndThrowAsync));
        Map(revealing.MapPost("/", AddAsync));
        Map(revealing.MapPost("/two", AddTwoInATransactionAsync));
        Map(revealing.MapPost("/undone", AddAndUndoAsync));
        Map(revealing.MapPut("/{id:guid}", ChangeAsync));
        Map(revealing.MapDelete("/{id:guid}", DeleteAsync));
        Map(revealing.MapGet("/looked-for", (Func<IResult>)(() => TypedResults.Text("nothing")))).AuditedAs(AuditAction.SearchRecords);
    }

    private static RouteHandlerBuilder Map(RouteHandlerBuilder endpoint) => endpoint.WithSummary("For a test").Fails();

    private static async Task<IResult> RevealAsync(Guid id, AppDbContext db, CancellationToken ct) =>
        TypedResults.Text((await FindAsync(db, id, ct)).Note!.Reveal());

    private static async Task WriteItselfAsync(Guid id, AppDbContext db, HttpResponse response, CancellationToken ct)
    {
        var note = (await FindAsync(db, id, ct)).Note!.Reveal();
        await response.BodyWriter.WriteAsync(Encoding.UTF8.GetBytes(note), ct);
    }

    private static async Task<IResult> RevealLaterAsync(Guid id, AppDbContext db, CancellationToken ct)
    {
        var probe = await FindAsync(db, id, ct);
        return new Later(() => probe.Note!.Reveal());
    }

    private static async Task<IResult> RevealAndThrowAsync(Guid id, AppDbContext db, CancellationToken ct) =>
        throw new InvalidOperationException((await FindAsync(db, id, ct)).Note!.Reveal());

    private static async Task<IResult> AddAsync(AppDbContext db, CancellationToken ct)
    {
        var probe = NewProbe();
        db.Add(probe);
        await db.SaveChangesAsync(ct);
        return TypedResults.Text($"{probe.Id}");
    }

    private static Task<IResult> AddTwoInATransactionAsync(AppDbContext db, CancellationToken ct) => db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
    {
        db.ChangeTracker.Clear();
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var (one, other) = (NewProbe(), NewProbe());
        db.Add(one);
        await db.SaveChangesAsync(ct);
        db.Add(other);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return (IResult)TypedResults.Text($"{one.Id} {other.Id}");
    });

    private static async Task<IResult> AddAndUndoAsync(AppDbContext db, CancellationToken ct)
    {
        await db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
        {
            db.ChangeTracker.Clear();
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            db.Add(NewProbe());
            await db.SaveChangesAsync(ct);
            await transaction.RollbackAsync(ct);
        });
        db.ChangeTracker.Clear();
        return await AddAsync(db, ct);
    }

    private static async Task<IResult> ChangeAsync(Guid id, AppDbContext db, CancellationToken ct)
    {
        var probe = await FindAsync(db, id, ct);
        probe.Note = $"{Guid.CreateVersion7()}";
        await db.SaveChangesAsync(ct);
        return TypedResults.Text(probe.Note.Reveal());
    }

    private static async Task<IResult> DeleteAsync(Guid id, AppDbContext db, CancellationToken ct)
    {
        db.Remove(await FindAsync(db, id, ct));
        await db.SaveChangesAsync(ct);
        return TypedResults.NoContent();
    }

    private static SealedProbe NewProbe() => new() { Code = $"code-{Guid.CreateVersion7():N}", Note = "Lindqvist" };

    private static Task<SealedProbe> FindAsync(AppDbContext db, Guid id, CancellationToken ct) =>
        db.Set<SealedProbe>().SingleAsync(probe => probe.Id == id, ct);

    private sealed class Later(Func<string> text) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => httpContext.Response.WriteAsync(text());
    }
}
