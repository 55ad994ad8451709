using System.Net.Http.Json;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Errors;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Platform.Errors;

/// <summary>A failure has a code and a body, and tells nothing of its cause.</summary>
internal sealed class UnhandledExceptionTests
{
    private Clinic clinic = null!;

    [OneTimeSetUp]
    public async Task RegisterAsync() => clinic = await App.NewClinicAsync();

    [TestCase(null)]
    [TestCase("application/json")]
    [TestCase("text/html")]
    [TestCase("image/png")]
    [TestCase("application/xml;q=1, */*;q=0")]
    public async Task An_exception_is_REQ_010_whatever_the_caller_accepts(string? accept)
    {
        var client = App.As(clinic.Doctor);
        if (accept is not null)
        {
            client.DefaultRequestHeaders.TryAddWithoutValidation("Accept", accept);
        }

        var answer = await client.PostAsJsonAsync($"{ProbeFeature.Path}/throw", new { text = "canary" });

        await answer.ShouldBeAsync(RequestErrors.Unexpected);
        var headers = answer.Headers.Concat(answer.Content.Headers).SelectMany(h => h.Value.Prepend(h.Key));
        Assert.Multiple(async () =>
        {
            Assert.That(await answer.Content.ReadAsStringAsync(),
                Does.Not.Contain("canary").And.Not.Contain("quoted").And.Not.Contain("Exception"));
            Assert.That(headers, Has.None.Contains("canary").And.None.Contains("quoted"));
        });
    }

    [TestCase("text/html")]
    [TestCase("image/png")]
    public async Task A_bare_status_has_its_problem_body_whatever_the_caller_accepts(string accept)
    {
        var client = App.Api.Anonymous();
        client.DefaultRequestHeaders.TryAddWithoutValidation("Accept", accept);

        await (await client.GetAsync("/nothing")).ShouldBeAsync(RequestErrors.NoSuchRoute);
        await (await client.DeleteAsync("/health")).ShouldBeAsync(RequestErrors.MethodNotAllowed);
    }

    [Test]
    public async Task A_database_that_is_away_is_503_with_the_time_to_retry()
    {
        var dead = new UriBuilder(App.DatabaseUrl) { Port = Ports.Dead }.Uri.AbsoluteUri;
        await using var api = new ApiHost(dead, App.Issuer);

        var answer = await api.WithToken(App.Issuer.NewToken(clinic.Doctor).Sign()).GetAsync(ProbeFeature.Path);

        await answer.ShouldBeAsync(DatabaseErrors.Unavailable);
        Assert.That(answer.Headers.RetryAfter?.ToString(), Is.EqualTo("5"));
    }

    [Test]
    public async Task A_database_without_its_schema_is_503_too()
    {
        var url = await App.Postgres.CreateDatabaseAsync($"test_{Guid.CreateVersion7():N}");
        await using var api = new ApiHost(url, App.Issuer);

        var answer = await api.WithToken(App.Issuer.NewToken(clinic.Doctor).Sign()).GetAsync(ProbeFeature.Path);

        await answer.ShouldBeAsync(DatabaseErrors.Unavailable);
    }

    [Test]
    public async Task The_registry_is_public_and_complete()
    {
        var items = (await (await App.Api.Anonymous().GetAsync("/api/v1/errors")).ShouldBeJsonAsync()).GetProperty("items");

        var registered = App.Api.Services.GetRequiredService<ErrorRegistry>().All;
        Assert.Multiple(() =>
        {
            Assert.That(
                items.EnumerateArray().Select(i => $"{i.GetProperty("code")} {i.GetProperty("status")} {i.GetProperty("title")}"),
                Is.EqualTo(registered.Select(e => $"{e.Code} {e.Status} {e.Title}")));
            Assert.That(registered.Select(e => e.Code), Is.Unique.And.All.Match("^[A-Z]{2,6}_[0-9]{3}$"));
            Assert.That(registered.Select(e => e.Code), Is.SupersetOf(new[] { "REQ_010", "AUTH_001", "TEN_005", "PRB_001" }));
        });
    }
}
