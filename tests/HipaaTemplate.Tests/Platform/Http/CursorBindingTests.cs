using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using HipaaTemplate.Platform.Errors;

namespace HipaaTemplate.Tests.Platform.Http;

/// <summary>Cursors through the whole API: what one caller was given helps no other caller and no other list.</summary>
internal sealed class CursorBindingTests
{
    private readonly List<Guid> ids = [];
    private Clinic clinic = null!;
    private HttpClient doctor = null!;

    [OneTimeSetUp]
    public async Task StoreAsync()
    {
        clinic = await App.NewClinicAsync();
        doctor = App.As(clinic.Doctor);
        for (var i = 0; i < 4; i++)
        {
            var created = await doctor.PostAsJsonAsync(ProbeFeature.Path, new { text = $"probe {i}" });
            ids.Add((await created.ShouldBeJsonAsync(HttpStatusCode.Created)).GetProperty("id").GetGuid());
        }

        ids.Sort();
    }

    [OneTimeTearDown]
    public void Stop() => doctor.Dispose();

    [Test]
    public async Task Pages_follow_each_other_whatever_their_size()
    {
        var cursor = await CursorOfAsync(doctor, "?limit=1");
        var rest = await PageAsync(doctor, $"?limit=100&cursor={cursor}");

        Assert.That(Ids(rest), Is.EqualTo(ids[1..]));
        Assert.That(rest.GetProperty("next_cursor").ValueKind, Is.EqualTo(JsonValueKind.Null));
    }

    [Test]
    public async Task A_new_token_of_the_same_user_goes_on_reading()
    {
        var cursor = await CursorOfAsync(doctor, "?limit=1");
        using var later = App.As(clinic.Doctor);

        Assert.That(Ids(await PageAsync(later, $"?cursor={cursor}")), Is.EqualTo(ids[1..]));
    }

    [Test]
    public async Task A_filter_holds_from_the_first_page_to_the_last()
    {
        var cursor = await CursorOfAsync(doctor, "?state=open&kind=a&limit=1");

        Assert.That(Ids(await PageAsync(doctor, $"?kind=a&cursor={cursor}&state=open")), Is.EqualTo(ids[1..]));
        foreach (var query in new[] { "", "&state=open", "&state=closed&kind=a", "&state=open&kind=a&kind=b", "&state=open&kind=a&x=" })
        {
            await ShouldBeRefusedAsync(doctor, $"?cursor={cursor}{query}");
        }
    }

    [Test]
    public async Task Another_tenant_and_another_user_are_refused()
    {
        var cursor = await CursorOfAsync(doctor, "?limit=1");
        using var colleague = App.As(clinic.Admin);
        using var stranger = App.As((await App.NewClinicAsync()).Doctor);

        await ShouldBeRefusedAsync(colleague, $"?cursor={cursor}");
        await ShouldBeRefusedAsync(stranger, $"?cursor={cursor}");
    }

    /// <summary>The same person in two clinics has one subject and two tokens.</summary>
    [Test]
    public async Task The_same_user_in_another_tenant_is_refused()
    {
        var cursor = await CursorOfAsync(doctor, "?limit=1");
        var other = await App.NewClinicAsync();
        using var elsewhere = App.As(clinic.Doctor with { Tenant = other.Id });

        await ShouldBeRefusedAsync(elsewhere, $"?cursor={cursor}");
    }

    [Test]
    public async Task Another_route_and_another_value_in_the_route_are_refused()
    {
        var (one, other) = ($"{ProbeFeature.Path}/{ids[0]}/pages", $"{ProbeFeature.Path}/{ids[1]}/pages");
        var plain = await CursorOfAsync(doctor, "?limit=1");
        var ofOne = await CursorOfAsync(doctor, "?limit=1", one);

        Assert.That(Ids(await PageAsync(doctor, $"?cursor={ofOne}", one)), Is.EqualTo(ids[1..]));
        await ShouldBeRefusedAsync(doctor, $"?cursor={plain}", one);
        await ShouldBeRefusedAsync(doctor, $"?cursor={ofOne}");
        await ShouldBeRefusedAsync(doctor, $"?cursor={ofOne}", other);
    }

    [Test]
    public async Task A_forged_a_doubled_and_an_oversized_one_are_refused()
    {
        var cursor = (await CursorOfAsync(doctor, "?limit=1"))!;
        var forged = (cursor[0] == 'A' ? "B" : "A") + cursor[1..];

        await ShouldBeRefusedAsync(doctor, $"?cursor={forged}");
        await ShouldBeRefusedAsync(doctor, $"?cursor={cursor}&cursor={cursor}");
        await ShouldBeRefusedAsync(doctor, $"?cursor={cursor}{new string('A', 5000)}");
        await ShouldBeRefusedAsync(doctor, "?cursor=");
    }

    private static async Task ShouldBeRefusedAsync(HttpClient user, string query, string path = ProbePages.Path)
    {
        using var answer = await user.GetAsync(path + query);
        await answer.ShouldBeAsync(RequestErrors.InvalidCursor);
    }

    private static async Task<string?> CursorOfAsync(HttpClient user, string query, string path = ProbePages.Path) =>
        (await PageAsync(user, query, path)).GetProperty("next_cursor").GetString();

    private static async Task<JsonElement> PageAsync(HttpClient user, string query, string path = ProbePages.Path)
    {
        using var answer = await user.GetAsync(path + query);
        return await answer.ShouldBeJsonAsync();
    }

    private static IEnumerable<Guid> Ids(JsonElement page) =>
        page.GetProperty("items").EnumerateArray().Select(id => id.GetGuid());
}
