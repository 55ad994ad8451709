using HipaaTemplate.Platform.Authorization;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Errors;
using HipaaTemplate.Platform.Http;
using HipaaTemplate.Platform.OpenApi;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Tests.Harness;

internal sealed record ProbePage(IReadOnlyList<Guid> Items, string? NextCursor);

/// <summary>One list at two routes, one of them with an id in it: a cursor of one is none of the other's.</summary>
internal static class ProbePages
{
    public const string Path = $"{ProbeFeature.Path}/pages";

    private const int MaximumLimit = 100;

    public static void Map(IEndpointRouteBuilder probes)
    {
        probes.MapGet("/pages", ListAsync).WithSummary("List probes by pages")
            .RequireAuthorization(Policies.ReadRecords).Fails(RequestErrors.Invalid, RequestErrors.InvalidCursor);
        probes.MapGet("/{id:guid}/pages", ListOfOneAsync).WithSummary("List probes by pages, if this one exists")
            .RequireAuthorization(Policies.ReadRecords)
            .Fails(ProbeFeature.NotFound, RequestErrors.Invalid, RequestErrors.InvalidCursor);
    }

    private static async Task<IResult> ListOfOneAsync(
        Guid id, HttpRequest request, AppDbContext db, CancellationToken ct, int limit = 20, string? cursor = null) =>
        await db.Set<Probe>().AnyAsync(p => p.Id == id, ct)
            ? await ListAsync(request, db, ct, limit, cursor)
            : ProbeFeature.NotFound.ToResult();

    private static async Task<IResult> ListAsync(
        HttpRequest request, AppDbContext db, CancellationToken ct, int limit = 20, string? cursor = null)
    {
        var probes = db.Set<Probe>().AsNoTracking();
        if (cursor is not null)
        {
            if (!request.TryReadCursor(cursor, out var lastId))
            {
                return RequestErrors.InvalidCursor.ToResult();
            }

            probes = probes.Where(p => p.Id > lastId);
        }

        var count = Math.Clamp(limit, 1, MaximumLimit);
        var ids = await probes.OrderBy(p => p.Id).Take(count + 1).Select(p => p.Id).ToListAsync(ct);
        return TypedResults.Ok(ids.Count <= count
            ? new ProbePage(ids, null)
            : new ProbePage(ids[..count], request.CursorAfter(ids[count - 1])));
    }
}
