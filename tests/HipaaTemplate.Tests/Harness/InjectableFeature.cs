using System.Text.Json.Serialization.Metadata;
using HipaaTemplate.Platform;
using HipaaTemplate.Platform.Authorization;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.OpenApi;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Harness;

/// <summary>
/// What must never be written: an endpoint that makes SQL out of its input. Only the hosts of
/// InjectionTests have it.
/// </summary>
internal sealed class InjectableFeature : IFeature
{
    public const string Path = "/api/v1/injectable";

    public IJsonTypeInfoResolver Json => ProbeJson.Default;

    public void MapEndpoints(IEndpointRouteBuilder api) => api.MapGet("/injectable", SearchAsync)
        .WithSummary("Texts equal to the one given").RequireAuthorization(Policies.ReadRecords).Fails();

    public static void AddTo(IServiceCollection services) => services.AddTestFeature(new InjectableFeature());

#pragma warning disable EF1003 // The very mistake.
    private static async Task<IResult> SearchAsync(string text, AppDbContext db, CancellationToken ct) => TypedResults.Text(
        string.Join('\n', await db.Database.SqlQueryRaw<string>(
            "SELECT text FROM app.probes WHERE text = '" + text + "'").ToListAsync(ct)));
}
