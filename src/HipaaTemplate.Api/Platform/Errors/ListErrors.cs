using HipaaTemplate.Platform.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;

namespace HipaaTemplate.Platform.Errors;

/// <summary>GET /api/v1/errors: the registry, for clients that show or branch on codes.</summary>
internal static class ListErrors
{
    public sealed record Response(IReadOnlyList<Entry> Items);

    public sealed record Entry(string Code, int Status, string Title, string Remedy);

    public static void Map(IEndpointRouteBuilder api) => api.MapGet("/errors", Handle)
        .WithTags("Errors")
        .WithSummary("Every error code this API answers with")
        .AllowAnonymous()
        .Fails();

    private static Ok<Response> Handle(ErrorRegistry registry) => TypedResults.Ok(new Response(
        [.. registry.All.Select(e => new Entry(e.Code, e.Status, e.Title, e.Remedy))]));
}
