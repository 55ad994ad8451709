using Npgsql;
using HipaaTemplate.Platform.Database;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Platform.Database;

internal sealed class MigrationTests
{
    private const string Catalogue = """
        SELECT x FROM (
            SELECT format('%s %s owner=%s rls=%s force=%s acl=%s', c.oid::regclass, c.relkind,
                c.relowner::regrole, c.relrowsecurity, c.relforcerowsecurity, c.relacl) AS x
            FROM pg_class c WHERE c.relnamespace = 'app'::regnamespace
            UNION ALL SELECT format('%s.%s %s %s %s', a.attrelid::regclass, a.attname,
                format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid))
            FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
            LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
            WHERE c.relnamespace = 'app'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
            UNION ALL SELECT format('%s %s', conname, pg_get_constraintdef(oid))
            FROM pg_constraint WHERE connamespace = 'app'::regnamespace
            UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'app'
            UNION ALL SELECT format('%s %s %s %s %s', tablename, policyname, roles, qual, with_check)
            FROM pg_policies
            UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'app'::regnamespace
            UNION ALL SELECT format('%s %s %s', nspname, nspowner::regrole, nspacl) FROM pg_namespace
            UNION ALL SELECT format('%s %s', extname, extnamespace::regnamespace) FROM pg_extension
        ) everything ORDER BY 1
        """;

    [Test]
    public async Task Releases_that_migrate_at_the_same_time_wait_for_each_other()
    {
        var settings = ApiProcess.Settings(
            await App.Postgres.CreateDatabaseAsync($"test_{Guid.CreateVersion7():N}"), App.Issuer);
        var releases = await Task.WhenAll(
            Enumerable.Range(0, 3).Select(_ => ApiProcess.RunAsync(settings, "migrate", "up")));
        Assert.Multiple(() =>
        {
            Assert.That(releases.Select(release => release.ExitCode), Is.All.Zero, releases[0].Errors);
            Assert.That(releases.Count(release => release.Output.Contains("applied", StringComparison.Ordinal)), Is.EqualTo(1));
        });
    }

    [Test]
    public async Task A_new_password_of_the_apis_role_is_set_by_the_next_migration()
    {
        // Roles belong to the cluster, so this test has one of its own.
        await using var cluster = await PostgresCluster.StartAsync();
        Assume.That(cluster.IsOurs, "not on a server that others use");
        var settings = ApiProcess.Settings(await cluster.CreateDatabaseAsync("passwords"), App.Issuer);
        await ApiProcess.RunAsync(settings, "migrate", "up");
        var before = new DatabaseSettings { Url = settings["DATABASE_URL"] };
        settings["DATABASE_APP_PASSWORD"] = $"p-{Guid.CreateVersion7():N}";
        var after = new DatabaseSettings { Url = before.Url, AppPassword = settings["DATABASE_APP_PASSWORD"] };

        var result = await ApiProcess.RunAsync(settings, "migrate", "up");

        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        Assert.That(async () => await OpenAndCloseAsync(after), Throws.Nothing);
        Assert.That(
            async () => await OpenAndCloseAsync(before),
            Throws.InstanceOf<PostgresException>().With.Property("SqlState").EqualTo(PostgresErrorCodes.InvalidPassword));

        // An API that has this password need not have the owner's: what it signs is accepted all the same.
        settings["DATABASE_URL"] = WithoutPassword(before.Url);
        var proof = await ApiProcess.RunAsync(settings, "isolation", "prove");
        Assert.That(proof.ExitCode, Is.Zero, proof.Output + proof.Errors);
        settings["DATABASE_URL"] = before.Url;
        settings.Remove("DATABASE_APP_PASSWORD");
        await ApiProcess.RunAsync(settings, "migrate", "up");
        settings["DATABASE_APP_PASSWORD"] = before.DerivedAppPassword();
        var stranger = await ApiProcess.RunAsync(settings, "isolation", "prove");
        Assert.That(stranger.Output, Does.Contain("WRONG  the API's tenant is not accepted"), "another secret makes another key");
    }

    [Test]
    public async Task Up_down_up_leaves_the_same_catalogue()
    {
        var (api, url) = await App.NewMigratedApiAsync();
        await using var stop = api;
        await using var superuser = await DatabaseAccess.OpenSuperuserConnectionAsync(url);
        var before = await superuser.ColumnAsync<string>(Catalogue);
        Assert.That(before, Has.Some.Contains("tenants"));

        Assert.That(await api.RunAsync("migrate", "down", "0"), Is.Zero);
        Assert.That(
            await superuser.ColumnAsync<string>("SELECT relname::text FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind = 'r'"),
            Is.EqualTo(new[] { "__ef_migrations_history" }), "nothing but the history is left");

        await App.MigrateUpAsync(api);
        Assert.That(await superuser.ColumnAsync<string>(Catalogue), Is.EqualTo(before));
    }

    [Test]
    public async Task Up_again_changes_nothing()
    {
        var (api, url) = await App.NewMigratedApiAsync();
        await using var stop = api;
        await using var superuser = await DatabaseAccess.OpenSuperuserConnectionAsync(url);
        var before = await superuser.ColumnAsync<string>(Catalogue);
        await App.MigrateUpAsync(api);
        Assert.That(await superuser.ColumnAsync<string>(Catalogue), Is.EqualTo(before));
    }

    [Test]
    public async Task The_owner_of_the_schema_is_no_superuser_and_the_login_made_everything_as_owner()
    {
        await using var owner = await App.Api.OpenOwnerConnectionAsync();
        Assert.That(await owner.ScalarAsync<string>("SELECT current_user::text"), Is.EqualTo("hipaa_owner"));
        await using var db = App.Api.Services.GetRequiredService<OwnerDatabase>().CreateContext();
        Assert.That(await db.Database.GetPendingMigrationsAsync(), Is.Empty);
    }

    private static string WithoutPassword(string url) => new UriBuilder(url) { Password = "" }.Uri.AbsoluteUri;

    private static async Task OpenAndCloseAsync(DatabaseSettings settings)
    {
        await using var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(settings.AppConnectionString()) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
    }
}
