using System.Text.Json.Serialization.Metadata;
using HipaaTemplate.Platform;
using HipaaTemplate.Platform.Authorization;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Platform.Tenancy;

/// <summary>Work that is no request has the tenant that it named, or none.</summary>
internal sealed class BackgroundWorkTests
{
    private const int Rounds = 200;
    private Clinic own = null!;
    private Clinic other = null!;

    [OneTimeSetUp]
    public async Task StoreAsync()
    {
        (own, other) = (await App.NewClinicAsync(), await App.NewClinicAsync());
        foreach (var clinic in new[] { own, other })
        {
            await using var work = TenantWork.Of(App.Api, clinic.Id);
            work.Db.Add(new Probe { Id = Guid.CreateVersion7(), Text = $"{clinic.Id}" });
            await work.Db.SaveChangesAsync();
        }
    }

    [Test]
    public async Task Without_entering_a_query_throws_and_sql_sees_no_rows()
    {
        await using var scope = App.Api.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<AppDbContext>();
        Assert.That(() => db.Set<Probe>().ToListAsync(), Throws.TypeOf<NoTenantException>());
        Assert.That(await db.Database.SqlQuery<string>($"SELECT text FROM app.probes").ToListAsync(), Is.Empty);
        Assert.That(await db.Database.ExecuteSqlAsync($"DELETE FROM app.probes"), Is.Zero);
    }

    [Test]
    public async Task Scopes_on_two_tenants_do_not_mix_in_parallel()
    {
        var scopes = App.Api.Services.GetRequiredService<TenantScopes>();
        await Parallel.ForAsync(0, Rounds, async (i, ct) =>
        {
            var (mine, theirs) = i % 2 == 0 ? (own, other) : (other, own);
            // One inside the other, as when a job for one tenant starts one for the next.
            await using var outer = scopes.Enter(mine.Id);
            await using var inner = scopes.Enter(theirs.Id);
            var outerDb = outer.ServiceProvider.GetRequiredService<AppDbContext>();
            var innerDb = inner.ServiceProvider.GetRequiredService<AppDbContext>();
            var texts = await Task.WhenAll(
                outerDb.Set<Probe>().Select(p => p.Text).SingleAsync(ct),
                innerDb.Database.SqlQuery<string>($"SELECT text AS \"Value\" FROM app.probes").SingleAsync(ct));
            Assert.That(texts, Is.EqualTo(new[] { $"{mine.Id}", $"{theirs.Id}" }));
        });
    }

    [Test]
    public async Task What_was_entered_stays_and_ends_with_its_scope()
    {
        var scopes = App.Api.Services.GetRequiredService<TenantScopes>();
        Assert.That(() => scopes.Enter(default), Throws.InvalidOperationException);
        var scope = scopes.Enter(own.Id);
        var context = scope.ServiceProvider.GetRequiredService<TenantContext>();
        Assert.That(() => context.Enter(other.Id), Throws.InvalidOperationException);
        await scope.DisposeAsync();
        await using var next = App.Api.Services.CreateAsyncScope();
        Assert.That(next.ServiceProvider.GetRequiredService<TenantContext>().IsEntered, Is.False);
    }

    [Test]
    public async Task Work_that_a_request_starts_does_not_inherit_the_requests_tenant()
    {
        var feature = new StartsWork { Other = other.Id };
        await using var api = await App.AnotherApiAsync(
            Server.Direct, configureServices: services => services.AddTestFeature(feature));
        using var client = App.As(api, own.Admin);
        Assert.That(await client.GetStringAsync(StartsWork.Path), Is.EqualTo($"{own.Id}"), "the request has it");
        Assert.That(() => feature.Inside, Throws.TypeOf<NoTenantException>(), "a scope made inside the request");
        Assert.That(() => feature.Started, Throws.TypeOf<NoTenantException>(), "a task that it started");
        Assert.That(await feature.Entered, Is.EqualTo(other.Id), "what the work names counts");
    }

    /// <summary>A handler that does what it should leave to a job.</summary>
    private sealed class StartsWork : IFeature
    {
        public const string Path = "/api/v1/starts-work";

        public IJsonTypeInfoResolver Json => ProbeJson.Default;

        public Task<TenantId> Inside { get; private set; } = null!;

        public Task<TenantId> Started { get; private set; } = null!;

        public Task<TenantId> Entered { get; private set; } = null!;

        public TenantId Other { get; init; }

        public void MapEndpoints(IEndpointRouteBuilder api) => api.MapGet("/starts-work", Handle)
            .RequireAuthorization(Policies.ReadRecords);

        private ContentHttpResult Handle(IServiceScopeFactory scopes, TenantScopes tenantScopes, TenantContext tenant)
        {
            Inside = TenantOfAsync(scopes.CreateAsyncScope());
            Started = Task.Run(() => TenantOfAsync(scopes.CreateAsyncScope()));
            Entered = Task.Run(() => TenantOfAsync(tenantScopes.Enter(Other)));
            return TypedResults.Text($"{tenant.Id}");
        }

        private static async Task<TenantId> TenantOfAsync(AsyncServiceScope scope)
        {
            await using var ending = scope;
            return scope.ServiceProvider.GetRequiredService<AppDbContext>().TenantId;
        }
    }
}
