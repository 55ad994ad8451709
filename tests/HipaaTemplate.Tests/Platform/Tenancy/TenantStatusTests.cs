using System.Net;
using HipaaTemplate.Platform.Errors;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Platform.Tenancy;

/// <summary>Suspending and registering reach a running API within <see cref="TenantDirectory.Freshness"/>.</summary>
internal sealed class TenantStatusTests
{
    private readonly ManualTime time = new();
    private ApiHost api = null!;

    [OneTimeSetUp]
    public void Start() => api = new ApiHost(
        App.DatabaseUrl, App.Issuer, null, services => services.AddSingleton<TimeProvider>(time));

    [OneTimeTearDown]
    public async Task StopAsync() => await api.DisposeAsync();

    [Test]
    [Hipaa(Citations.Termination)]
    public async Task A_suspended_tenant_is_TEN_005_after_at_most_ten_seconds_and_served_again_when_resumed()
    {
        var clinic = await App.NewClinicAsync(api);
        await ShouldBeServedAsync(clinic);

        await api.RunAsync("tenants", "suspend", clinic.Slug);
        time.Advance(TenantDirectory.Freshness);
        await ShouldBeAsync(clinic, TenantErrors.Suspended);

        await api.RunAsync("tenants", "resume", clinic.Slug);
        time.Advance(TenantDirectory.Freshness);
        await ShouldBeServedAsync(clinic);
    }

    [Test]
    public async Task A_status_is_kept_for_its_freshness_so_that_a_request_stays_one_round_trip()
    {
        var clinic = await App.NewClinicAsync(api);
        await ShouldBeServedAsync(clinic);

        await api.RunAsync("tenants", "suspend", clinic.Slug);

        await ShouldBeServedAsync(clinic);
        Assert.That(TenantDirectory.Freshness, Is.LessThanOrEqualTo(TimeSpan.FromSeconds(10)));
    }

    [Test]
    public async Task A_tenant_registered_later_is_served_after_at_most_ten_seconds()
    {
        var id = TenantId.From(Guid.CreateVersion7());
        var clinic = new Clinic(id, $"late-{id.Value.ToString("N")[16..]}");
        await ShouldBeAsync(clinic, TenantErrors.Unknown);

        await api.RunAsync("tenants", "add", clinic.Slug, "Late", "--id", id.ToString());
        time.Advance(TenantDirectory.Freshness);

        await ShouldBeServedAsync(clinic);
    }

    [TestCase("/")]
    [TestCase("/health")]
    [TestCase("/healthz")]
    [TestCase("/api/v1/health/live")]
    [TestCase("/api/v1/health/ready")]
    [TestCase("/api/v1/errors")]
    [TestCase("/openapi.json")]
    public async Task An_anonymous_endpoint_does_not_care_whose_token_comes_along(string path)
    {
        var clinic = await App.NewClinicAsync(api);
        await api.RunAsync("tenants", "suspend", clinic.Slug);
        await ShouldBeAsync(clinic, TenantErrors.Suspended);

        foreach (var token in new[]
        {
            App.Issuer.NewToken(clinic.Doctor).Sign(),
            App.Issuer.NewToken(clinic.Doctor).Without("tenant_id").Sign(),
            App.Issuer.NewToken(clinic.Doctor).With("exp", 1).Sign(),
            "garbage",
        })
        {
            var answer = await api.WithToken(token).GetAsync(path);
            Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        }
    }

    private async Task ShouldBeServedAsync(Clinic clinic) =>
        Assert.That((await GetAsync(clinic)).StatusCode, Is.EqualTo(HttpStatusCode.OK));

    private async Task ShouldBeAsync(Clinic clinic, Error error) => await (await GetAsync(clinic)).ShouldBeAsync(error);

    private Task<HttpResponseMessage> GetAsync(Clinic clinic) =>
        api.WithToken(App.Issuer.NewToken(clinic.Doctor).Sign()).GetAsync(ProbeFeature.Path);
}
