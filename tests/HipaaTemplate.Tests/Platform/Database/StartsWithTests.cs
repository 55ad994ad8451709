using System.Linq.Expressions;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace HipaaTemplate.Tests.Platform.Database;

/// <summary>string.StartsWith finds the same rows as ever, but as starts_with, which an index can serve.</summary>
internal sealed class StartsWithTests
{
    private const int Notes = 10_000;
    private static readonly string?[] Texts = [null, "", "a", "ab", "aB", "A", "a%b", "axb", "a_b", @"a\b", "%", "_", @"\", "ä", " a", "b"];

    private static readonly Func<AppDbContext, string, IAsyncEnumerable<string?>> Compiled = EF.CompileAsyncQuery(
        (AppDbContext db, string prefix) => db.Set<ProbeNote>().Where(n => n.Text!.StartsWith(prefix)).Select(n => n.Text));

    private ApiHost api = null!;
    private ApiHost withLike = null!;
    private Clinic few = null!;
    private Clinic many = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        (api, var url) = await App.NewApiAsync();
        withLike = new ApiHost(url, App.Issuer, configureServices: Interceptors.Without<StartsWithInterceptor>);
        (few, many) = (await App.NewClinicAsync(api), await App.NewClinicAsync(api));
        await using (var work = TenantWork.Of(api, few.Id))
        {
            var probe = new Probe { Id = Guid.CreateVersion7(), Text = "a" };
            probe.Notes.AddRange(Texts.Select(text => new ProbeNote { Id = Guid.CreateVersion7(), Text = text }));
            work.Db.Add(probe);
            await work.Db.SaveChangesAsync();
        }

        await using var superuser = await DatabaseAccess.OpenSuperuserConnectionAsync(url);
        await superuser.ExecuteAsync($"""
            INSERT INTO app.probes (tenant_id, id, text) VALUES ('{many.Id}', '{many.Id}', 'many');
            INSERT INTO app.probe_notes (tenant_id, id, probe_id, text)
                SELECT '{many.Id}', gen_random_uuid(), '{many.Id}', 'note ' || n FROM generate_series(1, {Notes}) n;
            """);
        await superuser.ExecuteAsync("ANALYZE app.probe_notes");
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await withLike.DisposeAsync();
        await api.DisposeAsync();
    }

    [TestCase("")]
    [TestCase("a")]
    [TestCase("aB")]
    [TestCase("a%")]
    [TestCase("a_")]
    [TestCase(@"a\")]
    [TestCase("%")]
    [TestCase(@"\")]
    [TestCase("ä")]
    [TestCase("nothing")]
    public async Task It_finds_what_it_finds_in_memory(string prefix)
    {
        var expected = Texts.Where(text => text?.StartsWith(prefix, StringComparison.Ordinal) == true).ToList();
        Assert.That(await FoundAsync(n => n.Text!.StartsWith(prefix)), Is.EquivalentTo(expected));
        Assert.That(await FoundAsync(n => !n.Text!.StartsWith(prefix)), Is.EquivalentTo(Texts.Except(expected)), "null included");
        await using var work = TenantWork.Of(api, few.Id);
        List<string?> compiled = [];
        await foreach (var text in Compiled(work.Db, prefix))
        {
            compiled.Add(text);
        }

        Assert.That(compiled, Is.EquivalentTo(expected));
    }

    private static IEnumerable<Expression<Func<ProbeNote, bool>>> Forms()
    {
        string? nothing = null;
        yield return n => n.Text!.StartsWith("a%");
        yield return n => n.Text!.StartsWith(nothing!);
        yield return n => !n.Text!.StartsWith(nothing!);
        yield return n => n.Text!.StartsWith(n.Probe!.Text);
        yield return n => n.Probe!.Text.StartsWith(n.Text!);
        yield return n => !n.Probe!.Text.StartsWith(n.Text!);
        yield return n => n.Text!.Trim().StartsWith("ab");
        yield return n => n.Text!.StartsWith("a%") == n.Text!.StartsWith("ab");
        yield return n => n.Probe!.Notes.Any(other => other.Text!.StartsWith(n.Text!));
        yield return n => n.Probe!.Notes.OrderBy(other => other.Text).Select(other => other.Text).FirstOrDefault()!.StartsWith("");
    }

    [TestCaseSource(nameof(Forms))]
    public async Task It_finds_what_like_finds(Expression<Func<ProbeNote, bool>> form)
    {
        Assert.That(await FoundAsync(form), Is.EquivalentTo(await FoundAsync(form, withLike)));
        await using var work = TenantWork.Of(api, few.Id);
        Assert.That(work.Db.Set<ProbeNote>().Where(form).ToQueryString(), Does.Not.Contain("LIKE"));
    }

    [Test]
    public async Task As_a_value_it_is_false_for_null()
    {
        await using var work = TenantWork.Of(api, few.Id);
        var values = await work.Db.Set<ProbeNote>().Select(n => new { n.Text, Found = n.Text!.StartsWith("ab") }).ToListAsync();
        Assert.That(
            values.Where(value => value.Found).Select(value => value.Text),
            Is.EquivalentTo(Texts.Where(text => text?.StartsWith("ab", StringComparison.Ordinal) == true)));
    }

    [Test]
    public async Task It_is_also_answered_outside_the_database()
    {
        await using var work = TenantWork.Of(api, few.Id);
        var values = await work.Db.Set<ProbeNote>().Where(n => n.Text == "b")
            .Select(n => string.Format("{0}!", n.Text).StartsWith("b!")).ToListAsync();
        Assert.That(values, Is.EqualTo(new[] { true }));
    }

    [Test]
    public async Task Under_row_level_security_it_uses_the_index()
    {
        var plan = await PlanAsync(api, db => db.Set<ProbeNote>().Where(n => n.Text!.StartsWith("note 777")));
        Assert.That(plan, Does.Contain("Index Cond").And.Contain("starts_with(").And.Contain("~>=~"));
    }

    /// <summary>When this fails, PostgreSQL has become cleverer and the rewriting can go.</summary>
    [Test]
    public async Task Under_row_level_security_like_does_not()
    {
        var plan = await PlanAsync(withLike, db => db.Set<ProbeNote>().Where(n => n.Text!.StartsWith("note 777")));
        Assert.That(plan, Does.Contain("~~ 'note 777%'").And.Not.Contains("~>=~"));
    }

    private async Task<List<string?>> FoundAsync(Expression<Func<ProbeNote, bool>> form, ApiHost? host = null)
    {
        await using var work = TenantWork.Of(host ?? api, few.Id);
        return await work.Db.Set<ProbeNote>().Where(form).Select(n => n.Text).ToListAsync();
    }

    /// <summary>How PostgreSQL would run the query for hipaa_app inside the tenant of many notes.</summary>
    private async Task<string> PlanAsync(ApiHost host, Func<AppDbContext, IQueryable<ProbeNote>> query)
    {
        await using var work = TenantWork.Of(host, many.Id);
        await using var app = await host.OpenAppConnectionAsync();
        await using var transaction = await app.BeginTransactionAsync();
        await host.EnterAsync(app, many.Id);
        await using var command = (NpgsqlCommand)query(work.Db).CreateDbCommand();
        command.Connection = app;
        command.CommandText = $"EXPLAIN {command.CommandText}";
        await using var reader = await command.ExecuteReaderAsync();
        List<string> lines = [];
        while (await reader.ReadAsync())
        {
            lines.Add(reader.GetString(0));
        }

        return string.Join('\n', lines);
    }
}
