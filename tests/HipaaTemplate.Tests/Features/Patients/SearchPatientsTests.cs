using System.Text.Json;
using System.Text.Json.Nodes;
using HipaaTemplate.Platform.Errors;

namespace HipaaTemplate.Tests.Features.Patients;

/// <summary>Patients found by what is stored sealed: exactly those, in this clinic only.</summary>
internal sealed class SearchPatientsTests
{
    private const string Path = $"{PatientCalls.Path}/search";
    private Clinic clinic = null!;
    private HttpClient doctor = null!;

    private static IEnumerable<TestCaseData> Ways()
    {
        foreach (var (name, search) in new (string, string)[]
        {
            ("the number as it is", """{"mrn":"AB-0042"}"""),
            ("the number in small letters with a space", """{"mrn":" ab-0042"}"""),
            ("the phone as it is", """{"phone":"+46 (0)8 123-45.67"}"""),
            ("the phone's digits", """{"phone":"46081234567"}"""),
            ("the e-mail in capitals", """{"email":"ZOE.LINDQVIST@example.test"}"""),
            ("name and date of birth", """{"family_name":"Lindqvist-Åström","birth_date":"1931-12-01"}"""),
            ("the name without marks", """{"family_name":"lindqvist-astrom","birth_date":"1931-12-01"}"""),
            ("the name with combining marks", """{"family_name":"Lindqvist-A\u030astro\u0308m","birth_date":"1931-12-01"}"""),
        })
        {
            yield return new TestCaseData(search) { TestName = $"A patient is found by {name}" };
        }
    }

    private static IEnumerable<TestCaseData> Misses()
    {
        foreach (var (name, search) in new (string, string)[]
        {
            ("half of the number", """{"mrn":"AB-00"}"""),
            ("another number", """{"mrn":"AB-0043"}"""),
            ("half of the phone", """{"phone":"4608123"}"""),
            ("a phone without digits", """{"phone":"0"}"""),
            ("another e-mail", """{"email":"zoe.lindqvist@example.org"}"""),
            ("the name with another date", """{"family_name":"Lindqvist-Åström","birth_date":"1931-12-02"}"""),
            ("another name with the date", """{"family_name":"Lindqvist-Berg","birth_date":"1931-12-01"}"""),
            ("a wildcard", """{"mrn":"%"}"""),
            ("SQL", """{"mrn":"' OR '1'='1"}"""),
        })
        {
            yield return new TestCaseData(search) { TestName = $"Nobody is found by {name}" };
        }
    }

    private static IEnumerable<TestCaseData> Invalid()
    {
        foreach (var (name, search, member) in new (string, string, string)[]
        {
            ("nothing", "{}", "mrn"),
            ("two ways at once", """{"mrn":"AB-0042","phone":"46081234567"}""", "mrn"),
            ("a name alone", """{"family_name":"Lindqvist"}""", "birth_date"),
            ("a date of birth alone", """{"birth_date":"1931-12-01"}""", "family_name"),
            ("a blank number", """{"mrn":" "}""", "mrn"),
            ("a number that is too long", $$"""{"mrn":"{{new string('x', 65)}}"}""", "mrn"),
            ("a name with NUL in it", """{"family_name":"Lind\u0000qvist","birth_date":"1931-12-01"}""", "family_name"),
        })
        {
            yield return new TestCaseData(search, member) { TestName = $"A search for {name} is refused" };
        }
    }

    [OneTimeSetUp]
    public async Task RegisterAsync()
    {
        clinic = await App.NewClinicAsync();
        doctor = App.As(clinic.Doctor);
        await doctor.CreatePatientAsync(Zoe());
        await doctor.CreatePatientAsync(PatientCalls.Minimal());
    }

    [OneTimeTearDown]
    public void Stop() => doctor.Dispose();

    [TestCaseSource(nameof(Ways))]
    public async Task Found(string search)
    {
        var items = (await SearchAsync(doctor, search)).GetProperty("items");
        Assert.That(items.GetArrayLength(), Is.EqualTo(1));
        Assert.That(items[0].GetProperty("family_name").GetString(), Is.EqualTo("Lindqvist-Åström"));
        Assert.That(items[0].EnumerateObject().Select(member => member.Name), Is.EqualTo(
            new[] { "id", "given_name", "family_name", "birth_date", "sex", "mrn" }));
    }

    [TestCaseSource(nameof(Misses))]
    public async Task Not_found(string search) => Assert.That(
        (await SearchAsync(doctor, search)).GetRawText(), Is.EqualTo("""{"items":[],"next_cursor":null}"""));

    [TestCaseSource(nameof(Invalid))]
    public async Task Refused(string search, string member)
    {
        using var response = await doctor.PostAsync(Path, PatientCalls.Json(search));
        var problem = await response.ShouldBeProblemAsync(400, RequestErrors.Invalid.Code);
        Assert.That(problem.GetProperty("errors").EnumerateObject().Select(error => error.Name), Is.EqualTo(new[] { member }));
    }

    [TestCase("")]
    [TestCase("null")]
    [TestCase("[]")]
    [TestCase("""{"mrn":42}""")]
    [TestCase("""{"mrn":"AB-0042","tenant_id":"0199a000-0000-7000-8000-000000000001"}""")]
    [TestCase("""{"family_name":"Lindqvist","birth_date":"yesterday"}""")]
    public async Task An_unreadable_search_is_refused(string search)
    {
        using var response = await doctor.PostAsync(Path, PatientCalls.Json(search));
        await response.ShouldBeProblemAsync(400, RequestErrors.Malformed.Code);
    }

    [Test]
    public async Task Another_clinic_finds_nobody()
    {
        var other = App.As((await App.NewClinicAsync()).Doctor);
        foreach (var search in new[] { """{"mrn":"AB-0042"}""", """{"phone":"46081234567"}""", """{"email":"zoe.lindqvist@example.test"}""" })
        {
            Assert.That((await SearchAsync(other, search)).GetProperty("items").GetArrayLength(), Is.Zero);
        }

        // Nor when it has a patient of its own by the same number.
        var here = await other.CreatePatientAsync(Zoe());
        Assert.That(Ids(await SearchAsync(other, """{"mrn":"AB-0042"}""")), Is.EqualTo(new[] { here.Id }));
    }

    [Test]
    public async Task The_same_number_has_another_hash_in_another_clinic()
    {
        var other = await App.NewClinicAsync();
        var here = await doctor.CreatePatientAsync(PatientCalls.Minimal("SAME-1"));
        var there = await App.As(other.Doctor).CreatePatientAsync(PatientCalls.Minimal("SAME-1"));

        var hash = await clinic.ReadColumnAsync(here.Id, "mrn_index_a");
        Assert.That(hash, Is.TypeOf<byte[]>().And.Length.EqualTo(16));
        Assert.That(await other.ReadColumnAsync(there.Id, "mrn_index_a"), Is.TypeOf<byte[]>().And.Not.EqualTo(hash));
    }

    [Test]
    public async Task A_removed_patient_is_not_found()
    {
        using var admin = App.As(clinic.Admin);
        var stored = await admin.CreatePatientAsync(PatientCalls.Minimal("GONE-1"));
        using var removed = await admin.DeletePatientAsync(stored.Id, stored.EntityTag);

        Assert.That(Ids(await SearchAsync(doctor, """{"mrn":"GONE-1"}""")), Is.Empty);
    }

    [Test]
    public async Task A_patient_is_found_by_what_is_true_now()
    {
        var stored = await doctor.CreatePatientAsync(PatientCalls.Full().With("phone", "0700 111 222").With("email", "old@example.test"));
        using var updated = await doctor.PutPatientAsync(
            stored.Id, PatientCalls.Full("NEW-1").With("phone", "0700 333 444").Without("email"), stored.EntityTag);

        Assert.That(Ids(await SearchAsync(doctor, """{"phone":"0700111222"}""")), Is.Empty);
        Assert.That(Ids(await SearchAsync(doctor, """{"email":"old@example.test"}""")), Is.Empty);
        Assert.That(Ids(await SearchAsync(doctor, """{"phone":"0700333444"}""")), Is.EqualTo(new[] { stored.Id }));
        Assert.That(Ids(await SearchAsync(doctor, """{"mrn":"new-1"}""")), Is.EqualTo(new[] { stored.Id }));
    }

    /// <summary>Twelve bits of hash: among this many, several share them, and are not shown.</summary>
    [Test]
    public async Task Of_many_who_share_a_hash_only_those_who_are_meant_are_shown()
    {
        var crowded = await App.NewClinicAsync();
        using var user = App.As(crowded.Doctor);
        await Parallel.ForEachAsync(Enumerable.Range(0, 300), async (i, _) => await user.CreatePatientAsync(
            PatientCalls.Minimal().With("family_name", $"Name {i}").With("birth_date", "1990-01-01")));

        Assert.That(await crowded.CountAsync("family_name_birth_date_index_a IS NOT NULL"), Is.EqualTo(300));
        Assert.That(
            await crowded.DistinctAsync("family_name_birth_date_index_a"), Is.InRange(200, 299), "else nobody shares one");
        for (var i = 0; i < 300; i += 29)
        {
            var items = (await SearchAsync(user, $$"""{"family_name":"name {{i}}","birth_date":"1990-01-01"}""")).GetProperty("items");
            Assert.That(items.EnumerateArray().Select(item => item.GetProperty("family_name").GetString()), Is.EqualTo(new[] { $"Name {i}" }));
        }
    }

    [Test]
    public async Task A_page_of_a_family_leads_to_the_next()
    {
        using var user = App.As((await App.NewClinicAsync()).Doctor);
        List<Guid> ids = [];
        for (var i = 0; i < 5; i++)
        {
            ids.Insert(0, (await user.CreatePatientAsync(PatientCalls.Minimal().With("phone", "08-555 00 00"))).Id);
        }

        const string search = """{"phone":"085550000"}""";
        List<Guid> seen = [];
        string? cursor = null;
        do
        {
            var page = await SearchAsync(user, search, $"?limit=2{(cursor is null ? "" : $"&cursor={cursor}")}");
            seen.AddRange(Ids(page));
            cursor = page.GetProperty("next_cursor").GetString();
        }
        while (cursor is not null);
        Assert.That(seen, Is.EqualTo(ids));

        using var bad = await user.PostAsync($"{Path}?cursor=kanarienvogel", PatientCalls.Json(search));
        await bad.ShouldBeAsync(RequestErrors.InvalidCursor);
        using var outOfRange = await user.PostAsync($"{Path}?limit=101", PatientCalls.Json(search));
        await outOfRange.ShouldBeProblemAsync(400, RequestErrors.Invalid.Code);
    }

    private static JsonObject Zoe() => PatientCalls.Full("AB-0042")
        .With("given_name", "Zoë").With("family_name", "Lindqvist-Åström").With("email", "zoe.lindqvist@example.test");

    private static async Task<JsonElement> SearchAsync(HttpClient user, string search, string query = "")
    {
        using var response = await user.PostAsync(Path + query, PatientCalls.Json(search));
        return await response.ShouldBeJsonAsync();
    }

    private static IEnumerable<Guid> Ids(JsonElement page) =>
        page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetGuid());
}
