using System.Text.Json;
using HipaaTemplate.Platform.Errors;

namespace HipaaTemplate.Tests.Features.Patients;

internal sealed class ListPatientsTests
{
    [Test]
    public async Task The_newest_patient_comes_first()
    {
        using var doctor = App.As((await App.NewClinicAsync()).Doctor);
        var ids = await RegisterAsync(doctor, 3);

        var page = await ListAsync(doctor);

        Assert.That(Ids(page), Is.EqualTo(ids.AsEnumerable().Reverse()));
        Assert.That(page.GetProperty("next_cursor").ValueKind, Is.EqualTo(JsonValueKind.Null));
    }

    [Test]
    public async Task A_list_shows_who_somebody_is_and_no_medical_history()
    {
        using var doctor = App.As((await App.NewClinicAsync()).Doctor);
        await doctor.CreatePatientAsync(PatientCalls.Full());

        var item = (await ListAsync(doctor)).GetProperty("items")[0];

        Assert.That(item.EnumerateObject().Select(member => member.Name), Is.EqualTo(
            new[] { "id", "given_name", "family_name", "birth_date", "sex", "mrn" }));
    }

    [Test]
    public async Task A_clinic_without_patients_has_an_empty_list()
    {
        using var doctor = App.As((await App.NewClinicAsync()).Doctor);

        using var response = await doctor.GetAsync(PatientCalls.Path);

        var text = (await response.ShouldBeJsonAsync()).GetRawText();
        Assert.That(text, Is.EqualTo("""{"items":[],"next_cursor":null}"""));
    }

    [Test]
    public async Task Pages_have_no_gap_and_no_repeat_while_patients_are_registered_in_between()
    {
        using var doctor = App.As((await App.NewClinicAsync()).Doctor);
        var before = await RegisterAsync(doctor, 8);
        List<Guid> seen = [];
        List<int> sizes = [];
        string? cursor = null;
        do
        {
            var page = await ListAsync(doctor, $"?limit=3{(cursor is null ? "" : $"&cursor={cursor}")}");
            seen.AddRange(Ids(page));
            sizes.Add(Ids(page).Length);
            cursor = page.GetProperty("next_cursor").GetString();
            await RegisterAsync(doctor, 2);
        }
        while (cursor is not null);

        Assert.That(seen, Is.EqualTo(before.AsEnumerable().Reverse()));
        Assert.That(sizes, Is.EqualTo(new[] { 3, 3, 2 }));
    }

    [Test]
    public async Task A_page_goes_on_where_the_last_one_ended_though_that_patient_was_removed()
    {
        var clinic = await App.NewClinicAsync();
        using var admin = App.As(clinic.Admin);
        var ids = await RegisterAsync(admin, 4);
        var first = await ListAsync(admin, "?limit=2");
        using var removed = await admin.DeletePatientAsync(Ids(first)[1], "*");

        var second = await ListAsync(admin, $"?limit=2&cursor={first.GetProperty("next_cursor").GetString()}");

        Assert.That(Ids(second), Is.EqualTo(new[] { ids[1], ids[0] }));
    }

    [Test]
    public async Task A_last_page_that_is_exactly_full_announces_no_further_one()
    {
        using var doctor = App.As((await App.NewClinicAsync()).Doctor);
        await RegisterAsync(doctor, 2);

        var page = await ListAsync(doctor, "?limit=2");

        Assert.That(Ids(page), Has.Length.EqualTo(2));
        Assert.That(page.GetProperty("next_cursor").ValueKind, Is.EqualTo(JsonValueKind.Null));
    }

    [Test]
    public async Task A_page_has_twenty_patients_unless_told_otherwise_and_at_most_a_hundred()
    {
        using var doctor = App.As((await App.NewClinicAsync()).Doctor);
        await Task.WhenAll(Enumerable.Range(0, 101).Select(_ => doctor.CreatePatientAsync()));

        Assert.That(Ids(await ListAsync(doctor)), Has.Length.EqualTo(20));
        Assert.That(Ids(await ListAsync(doctor, "?limit=1")), Has.Length.EqualTo(1));
        var largest = await ListAsync(doctor, "?limit=100");
        Assert.That(Ids(largest), Has.Length.EqualTo(100));
        Assert.That(largest.GetProperty("next_cursor").GetString(), Is.Not.Null);
    }

    [TestCase("0")]
    [TestCase("101")]
    [TestCase("-1")]
    [TestCase("2147483647")]
    public async Task A_page_size_outside_1_to_100_is_refused_by_name(string limit)
    {
        using var doctor = App.As((await App.NewClinicAsync()).Doctor);

        using var response = await doctor.GetAsync($"{PatientCalls.Path}?limit={limit}");

        var problem = await response.ShouldBeProblemAsync(400, RequestErrors.Invalid.Code);
        Assert.That(
            problem.GetProperty("errors").GetRawText(), Is.EqualTo("""{"limit":["must be between 1 and 100"]}"""));
    }

    [TestCase("limit=abc")]
    [TestCase("limit=1.5")]
    [TestCase("limit=2147483648")]
    [TestCase("limit=%00")]
    [TestCase("limit=1&limit=2")]
    public async Task A_page_size_that_is_no_number_is_refused(string query)
    {
        using var doctor = App.As((await App.NewClinicAsync()).Doctor);

        using var response = await doctor.GetAsync($"{PatientCalls.Path}?{query}");

        var problem = await response.ShouldBeProblemAsync(400, RequestErrors.Invalid.Code);
        Assert.That(
            problem.GetProperty("errors").GetRawText(), Is.EqualTo("""{"limit":["must be between 1 and 100"]}"""));
    }

    [TestCase("cursor=")]
    [TestCase("cursor=abc")]
    [TestCase("cursor=%00")]
    [TestCase("cursor=AAAAAAAAAAAAAAAAAAAAAA")]
    [TestCase("cursor=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [TestCase("cursor=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA%00")]
    [TestCase("cursor=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA%2B%2F")]
    [TestCase("cursor=%F0%9F%92%89")]
    [TestCase("cursor=AAAAAAAAAAAAAAAAAAAAAA&cursor=AAAAAAAAAAAAAAAAAAAAAA")]
    [TestCase("cursor=019a0000-0000-7000-8000-000000000000")]
    public async Task A_cursor_that_is_not_ours_is_refused(string query)
    {
        using var doctor = App.As((await App.NewClinicAsync()).Doctor);

        using var response = await doctor.GetAsync($"{PatientCalls.Path}?{query}");

        await response.ShouldBeAsync(RequestErrors.InvalidCursor);
    }

    [Test]
    public async Task An_oversized_cursor_is_refused()
    {
        using var doctor = App.As((await App.NewClinicAsync()).Doctor);

        using var response = await doctor.GetAsync($"{PatientCalls.Path}?cursor={new string('A', 10_000)}");

        await response.ShouldBeAsync(RequestErrors.InvalidCursor);
    }

    [Test]
    public async Task A_cursor_of_another_clinic_or_a_colleague_is_refused()
    {
        var clinic = await App.NewClinicAsync();
        using var doctor = App.As(clinic.Doctor);
        await RegisterAsync(doctor, 2);
        var cursor = (await ListAsync(doctor, "?limit=1")).GetProperty("next_cursor").GetString();

        using var colleague = App.As(clinic.Admin);
        using var stranger = App.As((await App.NewClinicAsync()).Doctor);

        await (await colleague.GetAsync($"{PatientCalls.Path}?cursor={cursor}")).ShouldBeAsync(RequestErrors.InvalidCursor);
        await (await stranger.GetAsync($"{PatientCalls.Path}?cursor={cursor}")).ShouldBeAsync(RequestErrors.InvalidCursor);
        Assert.That(Ids(await ListAsync(doctor, $"?cursor={cursor}")), Has.Length.EqualTo(1));
    }

    private static async Task<List<Guid>> RegisterAsync(HttpClient user, int count)
    {
        List<Guid> ids = [];
        for (var i = 0; i < count; i++)
        {
            ids.Add((await user.CreatePatientAsync()).Id);
            // UUIDv7 counts milliseconds; two in one would be in either order.
            await Task.Delay(2);
        }

        return ids;
    }

    private static async Task<JsonElement> ListAsync(HttpClient user, string query = "")
    {
        using var response = await user.GetAsync(PatientCalls.Path + query);
        return await response.ShouldBeJsonAsync();
    }

    private static Guid[] Ids(JsonElement page) =>
        [.. page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetGuid())];
}
