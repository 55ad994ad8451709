using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Authorization;
using HipaaTemplate.Platform.Errors;

namespace HipaaTemplate.Tests.Features.AuditTrail;

/// <summary>Who opened or changed a record, for staff and for the patient.</summary>
[TestFixture(Server.Direct)]
[TestFixture(Server.PgBouncer)]
internal sealed class AccessLogTests(Server server)
{
    private const string OwnClaim = "https://clinic.example/record";

    private TrailScene scene = null!;
    private Guid patient;
    private Guid another;
    private Guid theirs;

    [OneTimeSetUp]
    public async Task StoreAsync()
    {
        scene = await TrailScene.SetAsync(server);
        (patient, another, theirs) = (await scene.AddAsync(scene.Own), await scene.AddAsync(scene.Own), await scene.AddAsync(scene.Other));
        await scene.OpenAsync(scene.Own, patient, "HRESCH");
        await scene.OpenAsync(scene.Own, another);
        await scene.ChangeAsync(scene.Own, patient);
    }

    [OneTimeTearDown]
    public ValueTask StopAsync() => scene.DisposeAsync();

    [Test]
    public async Task It_has_every_event_that_names_the_patient_and_no_other()
    {
        var stored = (await scene.StoredAsync(scene.Own)).Where(entry => entry.Patients.Contains(patient)).Select(entry => entry.Id).ToList();
        Assert.That(stored, Has.Count.GreaterThanOrEqualTo(3));
        Assert.That((await scene.Auditor.PageAsync($"{TrailScene.AccessesOf(patient)}?limit=100")).Ids(), Is.EqualTo(stored));
    }

    /// <summary>This feature does not know which patients there are: an id without events is one like another.</summary>
    [Test]
    public async Task An_id_without_events_has_an_empty_list_whoevers_it_is()
    {
        var patientOfAnother = await scene.AddAsync(scene.Other);
        using var foreign = await scene.Auditor.GetAsync(TrailScene.AccessesOf(patientOfAnother));
        using var absent = await scene.Auditor.GetAsync(TrailScene.AccessesOf(Guid.CreateVersion7()));
        Assert.That(await foreign.Content.ReadAsStringAsync(), Is.EqualTo("""{"items":[],"next_cursor":null}"""));
        await foreign.ShouldBeIndistinguishableFromAsync(absent);
        Assert.That((await scene.As(scene.Other.Auditor).PageAsync(TrailScene.AccessesOf(patientOfAnother))).Items(), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Pages_follow_each_other_while_the_record_is_used()
    {
        var stored = (await scene.StoredAsync(scene.Own)).Where(entry => entry.Patients.Contains(patient)).Select(entry => entry.Id).ToList();
        List<Guid> seen = [];
        string? cursor = null;
        do
        {
            var page = await scene.AsPatient($"{patient}").PageAsync($"{TrailScene.OwnAccesses}?limit=1{(cursor is null ? "" : $"&cursor={cursor}")}");
            seen.AddRange(page.Ids());
            cursor = page.Cursor();
            await scene.OpenAsync(scene.Own, patient);
        }
        while (cursor is not null);

        Assert.That(seen, Is.EqualTo(stored));
    }

    [Test]
    public async Task A_patient_sees_who_when_what_and_why()
    {
        var stored = (await scene.StoredAsync(scene.Own)).Single(entry => entry.Purpose == "HRESCH");
        var page = await scene.AsPatient($"{patient}").PageAsync($"{TrailScene.OwnAccesses}?limit=100");
        var item = page.Items().Single(one => one.GetProperty("id").GetGuid() == stored.Id);
        Assert.Multiple(() =>
        {
            Assert.That(
                item.EnumerateObject().Select(member => member.Name),
                Is.EqualTo(new[] { "id", "at", "action", "outcome", "actor_type", "actor", "purpose", "access" }));
            Assert.That(item.GetProperty("at").GetDateTimeOffset(), Is.EqualTo(stored.At));
            Assert.That(item.GetProperty("actor").GetString(), Is.EqualTo(stored.Actor));
            Assert.That(item.GetProperty("purpose").GetString(), Is.EqualTo("HRESCH"));
            Assert.That(item.GetProperty("access").GetRawText(), Is.EqualTo("""["read"]"""));
            Assert.That(page.Items().Select(one => one.GetProperty("access").GetRawText()), Has.Some.EqualTo("""["changed"]""").And.Some.EqualTo("""["created"]"""));
        });
    }

    [Test]
    public async Task Nothing_of_staffs_places_of_other_patients_or_of_anybodys_data_is_told()
    {
        using var two = await scene.As(scene.Own.Doctor).PostAsync($"{RevealingFeature.Path}/two", null);
        var ids = (await two.Content.ReadAsStringAsync()).Split(' ');
        using var response = await scene.AsPatient(ids[0]).GetAsync($"{TrailScene.OwnAccesses}?limit=100");
        var text = await response.Content.ReadAsStringAsync();
        Assert.That(text, Does.Contain("created"));
        foreach (var word in new[] { ids[1], "127.0.0.1", "session", "address", "request", "endpoint", TrailScene.Canary })
        {
            Assert.That(text, Does.Not.Contain(word).IgnoreCase);
        }
    }

    [Test]
    public async Task Looking_at_it_is_an_event_of_the_patients_own()
    {
        using var response = await scene.AsPatient($"{patient}").GetAsync(TrailScene.OwnAccesses);
        var entry = (await response.EventsOfAsync(scene.Own.Id, scene.Url)).Single();
        Assert.That((entry.Action, entry.Patients.Single()), Is.EqualTo(("read_audit_trail", patient)));
        var newest = (await scene.AsPatient($"{patient}").PageAsync($"{TrailScene.OwnAccesses}?limit=1")).Items().Single();
        Assert.That((newest.GetProperty("id").GetGuid(), newest.GetProperty("access").GetRawText()), Is.EqualTo((entry.Id, "[]")));
    }

    private static IEnumerable<object?> NoClaims() =>
    [
        null, "", "abc", 1, true, "00000000-0000-0000-0000-000000000000", "0199a000000070008000000000000001",
        " 0199a000-0000-7000-8000-000000000001", "{0199a000-0000-7000-8000-000000000001}", new[] { "0199a000-0000-7000-8000-000000000001" },
        new { id = "0199a000-0000-7000-8000-000000000001" }, new string('1', 2_000), "' OR true --", "\u0000",
    ];

    [TestCaseSource(nameof(NoClaims))]
    public async Task A_token_that_names_no_patient_sees_nothing(object? claim)
    {
        using var response = await scene.AsPatient(claim).GetAsync(TrailScene.OwnAccesses);
        await response.ShouldBeAsync(AuditErrors.NoPatientClaim);
        var entry = (await response.EventsOfAsync(scene.Own.Id, scene.Url)).Single();
        Assert.That((entry.Action, entry.Code), Is.EqualTo(("refuse_access", AuditErrors.NoPatientClaim.Code)));
    }

    [Test]
    public async Task A_token_without_the_claim_sees_nothing_whatever_else_it_says()
    {
        foreach (var claim in new[] { "patient", "patientId", "sub", "user_metadata" })
        {
            using var response = await scene.AsPatient(claim == "user_metadata" ? new { patient_id = $"{patient}" } : $"{patient}", claim).GetAsync(TrailScene.OwnAccesses);
            await response.ShouldBeAsync(AuditErrors.NoPatientClaim);
        }
    }

    [Test]
    public async Task Another_patients_or_tenants_log_cannot_be_asked_for()
    {
        var client = scene.AsPatient($"{patient}");
        foreach (var query in new[] { $"?patient_id={another}", $"?id={another}" })
        {
            Assert.That((await client.PageAsync($"{TrailScene.OwnAccesses}{query}&limit=100")).Ids(), Is.SubsetOf(await IdsOfAsync(patient)));
        }

        foreach (var path in new[] { TrailScene.Events, TrailScene.AccessesOf(patient) })
        {
            using var response = await client.GetAsync(path);
            await response.ShouldBeAsync(AuthorizationErrors.Forbidden);
        }

        var crossing = await scene.AsPatient($"{theirs}").PageAsync(TrailScene.OwnAccesses);
        var stored = (await scene.StoredAsync(scene.Other)).Select(entry => entry.Id);
        Assert.That(crossing.Ids().Intersect(stored), Is.Empty, "the claim names a patient of the token's tenant");
    }

    [TestCase("limit=0")]
    [TestCase("limit=101")]
    [TestCase("limit=x")]
    public async Task A_page_size_outside_1_to_100_is_refused(string query)
    {
        using var own = await scene.AsPatient($"{patient}").GetAsync($"{TrailScene.OwnAccesses}?{query}");
        using var staffs = await scene.Auditor.GetAsync($"{TrailScene.AccessesOf(patient)}?{query}");
        await own.ShouldBeProblemAsync(400, RequestErrors.Invalid.Code);
        await staffs.ShouldBeProblemAsync(400, RequestErrors.Invalid.Code);
    }

    [TestCase("cursor=")]
    [TestCase("cursor=abc")]
    [TestCase("cursor=%00")]
    public async Task A_cursor_that_is_not_ours_is_refused(string query)
    {
        using var own = await scene.AsPatient($"{patient}").GetAsync($"{TrailScene.OwnAccesses}?{query}");
        using var staffs = await scene.Auditor.GetAsync($"{TrailScene.AccessesOf(patient)}?{query}");
        await own.ShouldBeAsync(RequestErrors.InvalidCursor);
        await staffs.ShouldBeAsync(RequestErrors.InvalidCursor);
    }

    [TestCase("not-an-id")]
    [TestCase("0199a000000070008000")]
    [TestCase("'%20OR%20true--")]
    public async Task An_id_that_is_none_is_no_address(string id)
    {
        using var response = await scene.Auditor.GetAsync(
            TrailScene.AccessesOf(patient).Replace($"{patient}", id, StringComparison.Ordinal));
        await response.ShouldBeAsync(RequestErrors.NoSuchRoute);
    }

    [Test]
    public async Task The_claim_can_be_another_one_or_nested()
    {
        foreach (var (setting, claim, value) in new (string, string, object)[]
        {
            (OwnClaim, OwnClaim, $"{patient}"),
            ("app_metadata.patient_id", "app_metadata", new { patient_id = $"{patient}" }),
            ("/app_metadata/patient_id", "app_metadata", new { patient_id = $"{patient}" }),
        })
        {
            await using var api = new ApiHost(scene.Url, App.Issuer, new Dictionary<string, string> { ["JWT_PATIENT_CLAIM_NAME"] = setting });
            using var client = api.WithToken(App.Issuer.NewToken(scene.Own.Patient).With(claim, value).Sign());
            Assert.That((await client.PageAsync(TrailScene.OwnAccesses)).Items(), Is.Not.Empty, setting);
            using var standard = api.WithToken(App.Issuer.NewToken(scene.Own.Patient).With("patient_id", $"{patient}").Sign());
            using var refused = await standard.GetAsync(TrailScene.OwnAccesses);
            await refused.ShouldBeAsync(AuditErrors.NoPatientClaim);
        }
    }

    private async Task<List<Guid>> IdsOfAsync(Guid id) =>
        [.. (await scene.StoredAsync(scene.Own)).Where(entry => entry.Patients.Contains(id)).Select(entry => entry.Id)];
}
