using HipaaTemplate.Platform.Database;

namespace HipaaTemplate.Tests.Platform.Commands;

/// <summary>The verbs, through the real binary, on a database of their own.</summary>
internal sealed class CommandTests
{
    [Test]
    public async Task Help_lists_every_verb_and_needs_no_settings()
    {
        var result = await ApiProcess.RunAsync(new Dictionary<string, string>(), "--help");

        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        foreach (var verb in new[] { "serve", "migrate", "tenants", "isolation", "config", "docs", "healthcheck" })
        {
            Assert.That(result.Output, Does.Match($"(?m)^  {verb} "));
        }
    }

    [Test]
    public async Task A_verb_tells_its_forms()
    {
        var result = await ApiProcess.RunAsync(new Dictionary<string, string>(), "migrate", "--help");

        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        Assert.That(result.Output, Does.Contain("HipaaTemplate.Api migrate down [MIGRATION]"));
    }

    [TestCase("nonsense")]
    [TestCase("migrate")]
    [TestCase("migrate", "sideways")]
    [TestCase("tenants", "add", "slug-without-name")]
    [TestCase("tenants", "add", "Bad Slug", "Name")]
    [TestCase("tenants", "add", "-a", "Name")]
    [TestCase("tenants", "add", "good", "Name", "--id", "00000000-0000-0000-0000-000000000000")]
    [TestCase("tenants", "add", "good", "Name", "--id", "nonsense")]
    [TestCase("tenants", "add", "good", " ")]
    [TestCase("config")]
    [TestCase("isolation")]
    [TestCase("isolation", "prove", "nothing")]
    public async Task Wrong_usage_ends_with_2_and_shows_the_usage(params string[] words)
    {
        var result = await RunAsync(App.DatabaseUrl, words);

        Assert.That(result.ExitCode, Is.EqualTo(2), result.Errors);
        Assert.That(result.Output, Is.Empty);
        Assert.That(result.Errors, Does.Contain("HipaaTemplate.Api").And.Not.Contain("   at "));
    }

    [Test]
    public async Task Migrations_go_up_down_and_up_again_and_status_tells()
    {
        var url = await NewDatabaseAsync();
        var pending = await RunAsync(url, "migrate", "status");
        Assert.That(pending.ExitCode, Is.EqualTo(1));
        Assert.That(pending.Output, Does.Contain("pending").And.Not.Contain("applied"));

        Assert.That((await DoneAsync(url, "migrate", "up")).Output, Does.StartWith("applied "));
        var schema = await SchemaAsync(url);
        Assert.That((await DoneAsync(url, "migrate", "up")).Output, Is.EqualTo("up to date\n"));
        Assert.That((await DoneAsync(url, "migrate", "status")).Output, Does.Not.Contain("pending"));

        Assert.That((await DoneAsync(url, "migrate", "down", "0")).Output, Is.EqualTo("nothing is applied\n"));
        Assert.That((await RunAsync(url, "migrate", "status")).ExitCode, Is.EqualTo(1));
        var twice = await RunAsync(url, "migrate", "down");
        Assert.That((twice.ExitCode, twice.Errors), Is.EqualTo((1, "No migration is applied.\n")));

        await DoneAsync(url, "migrate", "up");
        Assert.That(await SchemaAsync(url), Is.EqualTo(schema));
    }

    [Test]
    public async Task Down_refuses_a_migration_that_is_not_applied()
    {
        var result = await RunAsync(App.DatabaseUrl, "migrate", "down", "20200101000000_Nonsense");

        Assert.That(result.ExitCode, Is.EqualTo(1));
        Assert.That(result.Errors, Does.Contain("is not an applied migration"));
    }

    [Test]
    public async Task The_script_makes_the_same_schema_by_hand_and_can_be_run_twice()
    {
        var migrated = await NewDatabaseAsync();
        await DoneAsync(migrated, "migrate", "up");
        var scripted = await NewDatabaseAsync();

        var script = (await DoneAsync(scripted, "migrate", "script")).Output;
        var database = DatabaseUrl.Parse(scripted).Database;
        await App.Postgres.ExecuteAsSuperuserAsync(script, database);
        await App.Postgres.ExecuteAsSuperuserAsync(script, database);

        Assert.That(script, Does.Not.Contain(DatabaseUrl.Parse(scripted).Password));
        Assert.That(await SchemaAsync(scripted), Is.EqualTo(await SchemaAsync(migrated)));
        Assert.That((await RunAsync(scripted, "migrate", "status")).ExitCode, Is.Zero);
    }

    [Test]
    public async Task History_lists_what_status_lists()
    {
        var history = (await DoneAsync(App.DatabaseUrl, "migrate", "history")).Output;
        var status = (await DoneAsync(App.DatabaseUrl, "migrate", "status")).Output;

        Assert.That(history, Is.Not.Empty);
        Assert.That(status.Replace("applied  ", "", StringComparison.Ordinal), Is.EqualTo(history));
    }

    [Test]
    public async Task A_tenant_is_added_once_suspended_and_resumed()
    {
        var id = Guid.CreateVersion7();
        var slug = $"clinic-{id.ToString("N")[16..]}";
        string[] add = ["tenants", "add", slug, "A clinic", "--id", id.ToString()];

        var first = await DoneAsync(App.DatabaseUrl, add);
        var again = await DoneAsync(App.DatabaseUrl, add);
        Assert.That(first.Output, Is.EqualTo($"{id}  Active     {slug}  A clinic\n"));
        Assert.That(again.Output, Is.EqualTo(first.Output));

        await ShouldFailAsync("belongs to another tenant", "tenants", "add", slug, "Other", "--id", Guid.CreateVersion7().ToString());
        await ShouldFailAsync("belongs to another tenant", "tenants", "add", $"{slug}-b", "Other", "--id", id.ToString());
        Assert.That((await DoneAsync(App.DatabaseUrl, "tenants", "suspend", slug)).Output, Does.Contain("Suspended"));
        Assert.That((await DoneAsync(App.DatabaseUrl, "tenants", "list")).Output, Does.Contain($"{id}  Suspended  {slug}"));
        Assert.That((await DoneAsync(App.DatabaseUrl, "tenants", "resume", slug)).Output, Does.Contain("Active"));
        await ShouldFailAsync("no tenant with this slug", "tenants", "suspend", "nobody");
    }

    [Test]
    public async Task Healthcheck_tells_a_running_process_from_none()
    {
        await using var api = await ApiProcess.ServeAsync(ApiProcess.Settings(App.DatabaseUrl, App.Issuer));
        var settings = ApiProcess.Settings(App.DatabaseUrl, App.Issuer);
        settings["PORT"] = api.Address!.Port.ToString();
        Assert.That((await ApiProcess.RunAsync(settings, "healthcheck")).ExitCode, Is.Zero);

        await api.TerminateAsync();
        Assert.That((await api.ExitAsync()).ExitCode, Is.Zero);

        var result = await ApiProcess.RunAsync(settings, "healthcheck");
        Assert.That(result.ExitCode, Is.EqualTo(1));
        ShouldBeOneLine(result);
    }

    [Test]
    public async Task A_wrong_password_and_a_database_that_is_away_are_one_line_without_a_secret()
    {
        var wrong = new UriBuilder(App.DatabaseUrl) { Password = "secret-canary" }.Uri.AbsoluteUri;
        var away = new UriBuilder(wrong) { Port = Ports.Dead }.Uri.AbsoluteUri;
        var unknown = new UriBuilder(wrong) { Host = "nowhere.invalid" }.Uri.AbsoluteUri;
        foreach (var words in new[] { new[] { "migrate", "up" }, ["migrate", "status"], ["tenants", "list"] })
        {
            var results = await Task.WhenAll(new[] { wrong, away, unknown }.Select(url => RunAsync(url, words)));
            foreach (var result in results)
            {
                Assert.That(result.ExitCode, Is.EqualTo(1), string.Join(' ', words));
                ShouldBeOneLine(result);
            }
        }
    }

    [Test]
    public async Task A_verb_that_needs_a_missing_setting_names_it()
    {
        var result = await ApiProcess.RunAsync(new Dictionary<string, string>(), "migrate", "up");

        Assert.That(result.ExitCode, Is.EqualTo(1));
        Assert.That(result.Errors, Does.StartWith("DATABASE_URL is missing"));
        ShouldBeOneLine(result);
    }

    private static void ShouldBeOneLine(ProcessResult result)
    {
        Assert.That(result.Errors.Trim('\n'), Is.Not.Empty.And.Not.Contains("\n"));
        Assert.That(result.Output + result.Errors, Does.Not.Contain("canary"));
    }

    private static async Task ShouldFailAsync(string because, params string[] words)
    {
        var result = await RunAsync(App.DatabaseUrl, words);
        Assert.That(result.ExitCode, Is.EqualTo(1));
        Assert.That(result.Errors, Does.Contain(because));
        ShouldBeOneLine(result);
    }

    private static async Task<ProcessResult> DoneAsync(string url, params string[] words)
    {
        var result = await RunAsync(url, words);
        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        return result;
    }

    private static Task<ProcessResult> RunAsync(string url, params string[] words) =>
        ApiProcess.RunAsync(ApiProcess.Settings(url, App.Issuer), words);

    private static Task<string> NewDatabaseAsync() =>
        App.Postgres.CreateDatabaseAsync($"test_{Guid.CreateVersion7():N}");

    /// <summary>Tables with columns, owners, grants and policies, as text to compare.</summary>
    private static async Task<string> SchemaAsync(string url)
    {
        const string sql = """
            SELECT string_agg(line, E'\n' ORDER BY line) FROM (
                SELECT format('%s.%s %s %s %s %s %s %s', n.nspname, c.relname, c.relkind, c.relowner::regrole,
                    c.relrowsecurity, c.relforcerowsecurity, c.relacl, a.cols) AS line
                FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                CROSS JOIN LATERAL (
                    SELECT string_agg(format('%s %s %s', attname, atttypid::regtype, attnotnull), ',' ORDER BY attnum) AS cols
                    FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) a
                WHERE n.nspname = 'app'
                UNION ALL SELECT format('%s %s %s %s', tablename, policyname, qual, with_check) FROM pg_policies
                UNION ALL SELECT format('%s %s %s', proname, proowner::regrole, proacl)
                    FROM pg_proc WHERE pronamespace = 'app'::regnamespace
                UNION ALL SELECT format('extension %s', extname) FROM pg_extension
                UNION ALL SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'app'::regnamespace
            ) AS lines
            """;
        var connection = DatabaseUrl.Parse(App.Postgres.SuperuserUrlOf(DatabaseUrl.Parse(url).Database!));
        connection.Pooling = false;
        await using var open = new Npgsql.NpgsqlConnection(connection.ConnectionString);
        await open.OpenAsync();
        await using var command = new Npgsql.NpgsqlCommand(sql, open);
        return (string)(await command.ExecuteScalarAsync())!;
    }
}
