using System.Net;
using System.Text.Json;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Authentication;
using HipaaTemplate.Platform.Authorization;
using HipaaTemplate.Platform.Errors;

namespace HipaaTemplate.Tests.Features.AuditTrail;

/// <summary>The trail of a tenant, as its auditors and administrators read it.</summary>
[TestFixture(Server.Direct)]
[TestFixture(Server.PgBouncer)]
internal sealed class ListEventsTests(Server server)
{
    private TrailScene scene = null!;
    private Guid opened;
    private Guid changed;
    private Guid theirs;

    [OneTimeSetUp]
    public async Task StoreAsync()
    {
        scene = await TrailScene.SetAsync(server);
        (opened, changed, theirs) = (await scene.AddAsync(scene.Own), await scene.AddAsync(scene.Own), await scene.AddAsync(scene.Other));
        await scene.OpenAsync(scene.Own, opened, "HPAYMT");
        await scene.OpenAsync(scene.Other, theirs);
        await scene.ChangeAsync(scene.Own, changed);
        using var refused = await scene.As(scene.Own.Patient).GetAsync($"{RevealingFeature.Path}/{opened}");
        await refused.ShouldBeAsync(AuthorizationErrors.Forbidden);
    }

    [OneTimeTearDown]
    public ValueTask StopAsync() => scene.DisposeAsync();

    [Test]
    public async Task Auditors_and_administrators_see_the_tenants_events_newest_first()
    {
        foreach (var reader in new[] { scene.Auditor, scene.As(scene.Own.Admin) })
        {
            var stored = await scene.StoredAsync(scene.Own);
            var page = await reader.PageAsync($"{TrailScene.Events}?limit=100");
            Assert.That(page.Ids(), Is.EqualTo(stored.Select(entry => entry.Id)));
            Assert.That(page.Cursor(), Is.Null);
        }
    }

    [Test]
    public async Task An_item_is_the_event_as_it_is_stored()
    {
        var entry = (await scene.StoredAsync(scene.Own)).Single(stored => stored.Purpose == "HPAYMT");
        var item = (await scene.Auditor.PageAsync($"{TrailScene.Events}?limit=100")).Items().Single(one => one.GetProperty("id").GetGuid() == entry.Id);
        var record = entry.Records.Single();
        var expected = JsonSerializer.SerializeToElement(new
        {
            id = entry.Id, at = entry.At, action = "read_records", outcome = "success", code = (string?)null, actor_type = "user", actor = entry.Actor,
            session = entry.Session, address = entry.Address, purpose = "HPAYMT", endpoint = "GET /api/v1/revealing/{id:guid}", request = entry.Request,
            trace = entry.Trace, detail = entry.Detail, patients = new[] { opened }, records = new[] { new { access = "read", table = record.Table, id = opened } },
            leaf = (long?)null,
        });
        Assert.That(item.EnumerateObject().Select(member => member.Name), Is.EqualTo(expected.EnumerateObject().Select(member => member.Name)));
        Assert.That(JsonElement.DeepEquals(item, expected), Is.True, $"{item}\n{expected}");
        Assert.That(Guid.Parse(entry.Actor!), Is.Not.EqualTo(Guid.Empty));
    }

    [Test]
    public async Task Filters_take_away_what_they_do_not_name()
    {
        var stored = await scene.StoredAsync(scene.Own);
        var read = stored.Single(entry => entry.Purpose == "HPAYMT");
        var doctor = read.Actor!;
        await ShouldBeAsync($"patient_id={opened}&action=read_records", entry => entry.Patients.Contains(opened) && entry.Action == "read_records");
        await ShouldBeAsync($"patient_id={changed}&action=change_records", entry => entry.Patients.Contains(changed) && entry.Action == "change_records");
        await ShouldBeAsync($"actor={doctor}", entry => entry.Actor == doctor);
        await ShouldBeAsync("action=refuse_access&outcome=refused", entry => entry.Action == "refuse_access");
        await ShouldBeAsync($"actor={doctor}&patient_id={opened}&outcome=success", entry => entry.Actor == doctor && entry.Patients.Contains(opened));
        var (from, to) = (stored[^1].At, read.At);
        await ShouldBeAsync($"from={from:yyyy-MM-ddTHH:mm:ss.ffffffZ}&to={to:yyyy-MM-ddTHH:mm:ss.ffffffZ}", entry => entry.At >= from && entry.At < to);
        await ShouldBeAsync($"actor={doctor}&from={from:yyyy-MM-ddTHH:mm:ss.ffffff}%2B00:00", entry => entry.At >= from && entry.Actor == doctor);
        await ShouldBeAsync("from=2999-01-01T00:00:00Z", _ => false);
        await ShouldBeAsync("to=0001-01-02T00:00:00Z", _ => false);
        await ShouldBeAsync("actor=nobody", _ => false);

        async Task ShouldBeAsync(string query, Func<AuditEntry, bool> isMeant)
        {
            var expected = (await scene.StoredAsync(scene.Own)).Where(isMeant).Select(entry => entry.Id).ToList();
            var page = await scene.Auditor.PageAsync($"{TrailScene.Events}?limit=100&{query}");
            Assert.That(page.Ids(), Is.EqualTo(expected), query);
        }
    }

    [TestCase("patient_id", "patient_id=")]
    [TestCase("patient_id", "patient_id=abc")]
    [TestCase("patient_id", "patient_id=00000000-0000-0000-0000-000000000000")]
    [TestCase("patient_id", "patient_id=0199a000000070008000000000000001")]
    [TestCase("patient_id", "patient_id={0199a000-0000-7000-8000-000000000001}")]
    [TestCase("patient_id", "patient_id=%200199a000-0000-7000-8000-000000000001")]
    [TestCase("patient_id", "patient_id=0199a000-0000-7000-8000-000000000001&patient_id=0199a000-0000-7000-8000-000000000001")]
    [TestCase("patient_id", "patient_id=' OR true --")]
    [TestCase("patient_id", "patient_id=%00")]
    [TestCase("actor", "actor=")]
    [TestCase("actor", "actor=%20")]
    [TestCase("actor", "actor=a%00b")]
    [TestCase("actor", "actor=a%0ab")]
    [TestCase("actor", "actor=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [TestCase("action", "action=")]
    [TestCase("action", "action=ReadRecords")]
    [TestCase("action", "action=read_records,change_records")]
    [TestCase("action", "action=0")]
    [TestCase("outcome", "outcome=SUCCESS")]
    [TestCase("outcome", "outcome=%F0%9F%92%89")]
    [TestCase("from", "from=")]
    [TestCase("from", "from=yesterday")]
    [TestCase("from", "from=2026-11-28")]
    [TestCase("from", "from=2026-11-28T10:00:00")]
    [TestCase("from", "from=2026-11-28T10:00:00+01:00")]
    [TestCase("from", "from=2026-02-30T10:00:00Z")]
    [TestCase("from", "from=0001-01-01T00:00:00%2B14:00")]
    [TestCase("from", "from=10000-01-01T00:00:00Z")]
    [TestCase("to", "to=1764324000")]
    [TestCase("to", "to=infinity")]
    [TestCase("to", "to=2026-11-28T10:00:00Z&to=2026-11-28T10:00:00Z")]
    [TestCase("limit", "limit=0")]
    [TestCase("limit", "limit=101")]
    [TestCase("limit", "limit=abc")]
    public async Task A_bad_filter_is_refused_by_name_and_reads_nothing(string member, string query)
    {
        using var response = await scene.Auditor.GetAsync($"{TrailScene.Events}?{query}");
        var problem = await response.ShouldBeProblemAsync(400, RequestErrors.Invalid.Code);
        Assert.That(problem.GetProperty("errors").EnumerateObject().Select(error => error.Name), Is.EqualTo(new[] { member }));
        Assert.That(await response.EventsOfAsync(scene.Own.Id, scene.Url), Is.Empty);
    }

    [Test]
    public async Task An_oversized_filter_is_refused()
    {
        foreach (var name in new[] { "patient_id", "actor", "action", "outcome", "from", "to" })
        {
            using var response = await scene.Auditor.GetAsync($"{TrailScene.Events}?{name}={new string('1', 6_000)}");
            await response.ShouldBeProblemAsync(400, RequestErrors.Invalid.Code);
        }
    }

    [TestCase("from=2026-11-28T10:00:00Z&to=2026-11-28T10:00:00Z")]
    [TestCase("from=2026-11-28T10:00:00Z&to=2026-11-28T10:59:59%2B01:00")]
    public async Task A_span_that_ends_before_it_begins_is_refused(string query)
    {
        using var response = await scene.Auditor.GetAsync($"{TrailScene.Events}?{query}");
        await response.ShouldBeAsync(AuditErrors.EmptySpan);
        Assert.That(await response.EventsOfAsync(scene.Own.Id, scene.Url), Is.Empty);
    }

    [Test]
    public async Task Pages_have_no_gap_and_no_repeat_while_events_come()
    {
        var stored = (await scene.StoredAsync(scene.Own)).Select(entry => entry.Id).ToList();
        List<Guid> seen = [];
        string? cursor = null;
        do
        {
            var page = await scene.Auditor.PageAsync($"{TrailScene.Events}?limit=2{(cursor is null ? "" : $"&cursor={cursor}")}");
            seen.AddRange(page.Ids());
            cursor = page.Cursor();
            await scene.OpenAsync(scene.Own, opened);
        }
        while (cursor is not null);

        Assert.That(seen, Is.EqualTo(stored));
    }

    [Test]
    public async Task Filters_hold_from_page_to_page()
    {
        var query = $"{TrailScene.Events}?action=change_records&limit=1";
        var cursor = (await scene.Auditor.PageAsync(query)).Cursor();
        var second = await scene.Auditor.PageAsync($"{query}&cursor={cursor}");
        Assert.That(second.Items().Single().GetProperty("action").GetString(), Is.EqualTo("change_records"));
        foreach (var (reader, path) in new[]
        {
            (scene.Auditor, $"{TrailScene.Events}?cursor={cursor}"),
            (scene.Auditor, $"{TrailScene.Events}?action=read_records&limit=1&cursor={cursor}"),
            (scene.Auditor, $"{TrailScene.AccessesOf(changed)}?cursor={cursor}"),
            (scene.As(scene.Own.Admin), $"{query}&cursor={cursor}"),
            (scene.As(scene.Other.Auditor), $"{query}&cursor={cursor}"),
            (scene.Auditor, $"{query}&cursor="),
            (scene.Auditor, $"{query}&cursor=%00"),
        })
        {
            using var response = await reader.GetAsync(path);
            await response.ShouldBeAsync(RequestErrors.InvalidCursor);
        }
    }

    [Test]
    public async Task Reading_is_an_event_that_names_the_patient_asked_for()
    {
        foreach (var (path, patients) in new (string, Guid[])[]
        {
            (TrailScene.Events, []),
            ($"{TrailScene.Events}?patient_id={opened}", [opened]),
            (TrailScene.AccessesOf(changed), [changed]),
        })
        {
            using var response = await scene.Auditor.GetAsync(path);
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
            var entry = (await response.EventsOfAsync(scene.Own.Id, scene.Url)).Single();
            Assert.Multiple(() =>
            {
                Assert.That((entry.Action, entry.Outcome, entry.ActorType), Is.EqualTo(("read_audit_trail", "success", "user")));
                Assert.That(entry.Patients, Is.EqualTo(patients));
                Assert.That(entry.Records, Is.Empty);
            });
        }
    }

    [Test]
    public async Task Whoever_has_not_the_role_is_refused_and_that_is_an_event()
    {
        foreach (var user in new[] { scene.Own.Doctor, scene.Own.Patient, scene.Own.User() })
        {
            foreach (var path in new[] { TrailScene.Events, TrailScene.AccessesOf(opened) })
            {
                using var response = await scene.As(user).GetAsync(path);
                await response.ShouldBeAsync(AuthorizationErrors.Forbidden);
                Assert.That((await response.EventsOfAsync(scene.Own.Id, scene.Url)).Single().Action, Is.EqualTo("refuse_access"));
            }
        }

        using var nobody = scene.Api.Anonymous();
        using var unknown = await nobody.GetAsync(TrailScene.Events);
        await unknown.ShouldBeAsync(AuthenticationErrors.NoToken);
    }

    [Test]
    public async Task An_auditor_reads_the_trail_and_no_patient()
    {
        using var response = await scene.Auditor.GetAsync($"{RevealingFeature.Path}/{opened}");
        await response.ShouldBeAsync(AuthorizationErrors.Forbidden);
    }

    [Test]
    public async Task Another_tenants_events_are_shown_to_nobody_here()
    {
        var stored = await scene.StoredAsync(scene.Other);
        Assert.That(stored, Is.Not.Empty);
        var doctor = stored.First(entry => entry.Actor is not null).Actor;
        foreach (var query in new[] { "?limit=100", $"?patient_id={theirs}&action=read_records", $"?actor={doctor}&limit=100" })
        {
            using var response = await scene.Auditor.GetAsync(TrailScene.Events + query);
            var page = await response.ShouldBeJsonAsync();
            Assert.That(page.Ids().Intersect(stored.Select(entry => entry.Id)), Is.Empty, query);
        }

        var elsewhere = await scene.As(scene.Other.Auditor).PageAsync($"{TrailScene.Events}?patient_id={theirs}&action=read_records");
        Assert.That(elsewhere.Items(), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Nothing_of_a_patients_data_is_in_it()
    {
        foreach (var path in new[] { $"{TrailScene.Events}?limit=100", $"{TrailScene.AccessesOf(opened)}?limit=100" })
        {
            using var response = await scene.Auditor.GetAsync(path);
            Assert.That(await response.Content.ReadAsStringAsync(), Does.Contain($"{opened}").And.Not.Contains(TrailScene.Canary).IgnoreCase);
        }
    }
}
