using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Database;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace HipaaTemplate.Tests.Platform.Auditing;

/// <summary>Row-level security leaves the reader its indexes: PostgreSQL's own plans, on some thousand events of several tenants.</summary>
internal sealed class TrailPlanTests
{
    private const int Tenants = 8;
    private const int EventsOfEach = 2_500;

    private static readonly Guid Patient = Guid.CreateVersion7();
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    private static readonly (TrailFilter Filter, string Index)[] Cases =
    [
        (new TrailFilter { Patient = Patient }, "patient_events_2"),
        (new TrailFilter { Patient = Patient, From = Now.AddDays(-9), To = Now.AddDays(-2), Action = "read_records", Before = Guid.CreateVersion7() }, "patient_events_2"),
        (new TrailFilter(), "events_2"),
        (new TrailFilter { From = Now.AddDays(-9), To = Now.AddDays(-8) }, "events_2"),
        (new TrailFilter { From = Now.AddDays(-9), To = Now.AddDays(-2), Action = "nothing", Before = Guid.CreateVersion7() }, "events_2"),
        (new TrailFilter { Actor = "user-3", From = Now.AddDays(-9) }, "actor"),
    ];

    private ApiHost api = null!;
    private Clinic[] clinics = null!;
    private List<string> filled = null!;

    [OneTimeSetUp]
    public async Task StoreAsync()
    {
        (api, var url) = await App.NewMigratedApiAsync();
        clinics = [.. await Task.WhenAll(Enumerable.Range(0, Tenants).Select(_ => App.NewClinicAsync(api)))];
        await using var superuser = await DatabaseAccess.OpenSuperuserConnectionAsync(url);
        foreach (var clinic in clinics)
        {
            // Over twenty days; ids as UUIDv7 of their times. One event in a hundred names the patient.
            await superuser.ExecuteAsync($"""
                INSERT INTO audit.events (tenant_id, id, at, writer, number, void, action, outcome, actor_type, actor, patients, records, key_version, mac, leaf_hash)
                SELECT '{clinic.Id}', overlay(overlay(audit.first_id(at)::text PLACING '7' FROM 15) PLACING right(gen_random_uuid()::text, 21) FROM 16)::uuid,
                    at, '{clinic.Id}', number, ARRAY[]::bigint[], 'read_records', 'success', 'user', 'user-' || number % 200,
                    ARRAY[CASE number % 100 WHEN 7 THEN '{Patient}' ELSE gen_random_uuid() END], '[]', 1, sha256(''), sha256('')
                FROM (SELECT number, now() - number * interval '20 days' / {EventsOfEach} AS at FROM generate_series(1, {EventsOfEach}) number) e
                """);
        }

        await superuser.ExecuteAsync("INSERT INTO audit.patient_events SELECT tenant_id, unnest(patients), id FROM audit.events");
        await superuser.ExecuteAsync("ANALYZE audit.events, audit.patient_events");
        filled = await superuser.ColumnAsync<string>("""
            SELECT relname::text FROM pg_class
            WHERE oid IN (SELECT tableoid FROM audit.events UNION SELECT tableoid FROM audit.patient_events)
            """);
    }

    [OneTimeTearDown]
    public ValueTask StopAsync() => api.DisposeAsync();

    [Test]
    public async Task Every_question_is_answered_by_an_index([Range(0, 5)] int number)
    {
        var (filter, index) = Cases[number];
        var plan = await ExplainAsync(filter);
        Assert.That(plan, Does.Match($@"(Index (Only )?Scan (Backward )?using|Bitmap Index Scan on) \S*{index}"), plan);
        // Months that are still to come are empty, and read in any way.
        Assert.That(filled, Is.Not.Empty);
        Assert.That(filled, Has.None.Matches<string>(table => plan.Contains($"Seq Scan on {table} ", StringComparison.Ordinal)), plan);
    }

    [Test]
    public async Task A_page_is_read_and_no_more()
    {
        var trail = api.Services.GetRequiredService<TenantTrail>();
        var found = await trail.ListAsync(clinics[3].Id, new TrailFilter { Patient = Patient }, 100, CancellationToken.None);
        Assert.That(found, Has.Count.EqualTo(EventsOfEach / 100));
        Assert.That(found.Select(one => one.Stamped.Entry.Tenant), Is.All.EqualTo(clinics[3].Id));
        var day = await trail.ListAsync(
            clinics[3].Id, new TrailFilter { From = Now.AddDays(-9), To = Now.AddDays(-8) }, 1_000, CancellationToken.None);
        Assert.That(day, Has.Count.EqualTo(EventsOfEach / 20).Within(1));
    }

    private async Task<string> ExplainAsync(TrailFilter filter)
    {
        await using var reviewer = await api.Services.GetRequiredService<ReviewerDatabase>().OpenAsync(CancellationToken.None);
        await using var batch = new NpgsqlBatch(reviewer);
        var query = TenantTrail.List(clinics[3].Id, filter, 21);
        query.CommandText = $"EXPLAIN {query.CommandText}";
        batch.BatchCommands.Add(api.Services.GetRequiredService<ITenantScopeSql>().For(clinics[3].Id).CreateBatchCommand());
        batch.BatchCommands.Add(query);
        await using var reader = await batch.ExecuteReaderAsync();
        await reader.NextResultAsync();
        List<string> lines = [];
        while (await reader.ReadAsync())
        {
            lines.Add(reader.GetString(0));
        }

        return string.Join('\n', lines);
    }
}
