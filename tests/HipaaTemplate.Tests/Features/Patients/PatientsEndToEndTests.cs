using System.Net;
using System.Net.Http.Json;
using HipaaTemplate.Features.Patients;
using HipaaTemplate.Platform.Authorization;
using HipaaTemplate.Tests.EndToEnd;
using Microsoft.Playwright;

namespace HipaaTemplate.Tests.Features.Patients;

/// <summary>The README's walk, with the real identity provider, the real binary and a real browser.</summary>
internal sealed class PatientsEndToEndTests
{
    private const string Path = "/api/v1/patients";
    private DevelopmentStack stack = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => stack = await DevelopmentStack.StartAsync();

    [OneTimeTearDown]
    public async Task StopAsync() => await stack.DisposeAsync();

    [Test]
    public async Task Dana_registers_reads_lists_and_corrects_a_patient_whom_drew_cannot_find()
    {
        using var dana = await stack.AsAsync("dana@northwind.test");
        using var drew = await stack.AsAsync("drew@southgate.test");
        using var pat = await stack.AsAsync("pat@northwind.test");
        var body = new { given_name = "Ada", family_name = "Byron", birth_date = "1990-12-10", mrn = "NW-2001" };

        var created = await dana.PostAsJsonAsync(Path, body);
        Assert.That(created.StatusCode, Is.EqualTo(HttpStatusCode.Created));
        var (location, tag) = (created.Headers.Location!, created.Headers.ETag!);
        var read = await (await dana.GetAsync(location)).ShouldBeJsonAsync();
        var list = await (await dana.GetAsync(Path)).ShouldBeJsonAsync();
        using var correction = new HttpRequestMessage(HttpMethod.Put, location)
        {
            Content = JsonContent.Create(body with { family_name = "Lovelace" }),
        };
        correction.Headers.IfMatch.Add(tag);
        var corrected = await (await dana.SendAsync(correction)).ShouldBeJsonAsync();

        Assert.Multiple(() =>
        {
            Assert.That(read.GetProperty("mrn").GetString(), Is.EqualTo("NW-2001"));
            Assert.That(list.GetProperty("items")[0].GetProperty("id").GetGuid(), Is.EqualTo(read.GetProperty("id").GetGuid()));
            Assert.That(corrected.GetProperty("family_name").GetString(), Is.EqualTo("Lovelace"));
        });
        var hidden = await drew.GetAsync(location);
        await hidden.ShouldBeAsync(PatientErrors.NotFound);
        await hidden.ShouldBeIndistinguishableFromAsync(await drew.GetAsync($"{Path}/{Guid.CreateVersion7()}"));
        await (await pat.GetAsync(Path)).ShouldBeAsync(AuthorizationErrors.Forbidden);
    }

    [Test]
    public async Task A_person_signs_in_on_the_documentation_page_and_reads_her_clinics_patients()
    {
        using var dana = await stack.AsAsync("dana@northwind.test");
        await dana.PostAsJsonAsync(
            Path, new { given_name = "Grace", family_name = "Canary", birth_date = "1985-05-05", mrn = "NW-2002" });
        using var playwright = await Playwright.CreateAsync();
        await using var browser = await playwright.Chromium.LaunchAsync(Chromium.LaunchOptions());
        var page = await browser.NewPageAsync();
        List<string> errors = [];
        page.PageError += (_, error) => errors.Add(error);

        await page.GotoAsync($"http://localhost:{stack.Api.Address!.Port}/docs");
        await page.ClickAsync("button.authorize");
        var signIn = await page.RunAndWaitForPopupAsync(
            () => page.ClickAsync(".modal-ux .auth-btn-wrapper button.authorize"));
        await signIn.GetByText("dana@northwind.test").ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Close" }).First.ClickAsync();
        await page.GetByText("List patients, newest first").ClickAsync();
        await page.ClickAsync("button.try-out__btn");
        await page.ClickAsync("button.execute");
        var answer = page.Locator(".live-responses-table tbody .response-col_description");
        await answer.First.WaitForAsync();

        Assert.That(await answer.First.InnerTextAsync(), Does.Contain("Canary"));
        Assert.That(errors, Is.Empty);
    }
}
