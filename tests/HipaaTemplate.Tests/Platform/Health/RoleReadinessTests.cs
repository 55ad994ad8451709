using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Secrets;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Platform.Health;

/// <summary>
/// The API refuses to be ready as a role that row-level security does not bind. Each case is a login
/// of its own with one right too many; the shared hipaa_app stays as it is.
/// </summary>
[NonParallelizable] // Another SIGNING_SECRET gives the roles that read and seal the audit trail other passwords.
internal sealed class RoleReadinessTests
{
    private static readonly Dictionary<string, string> Settings = new()
    {
        ["SIGNING_SECRET"] = $"{Guid.CreateVersion7():N}",
    };

    private readonly List<string> roles = [];
    private ApiHost owner = null!;
    private string url = null!;

    [OneTimeSetUp]
    public async Task MigrateAsync() => (owner, url) = await App.NewApiAsync(Settings);

    [OneTimeTearDown]
    public async Task DropAsync()
    {
        await owner.DisposeAsync();
        foreach (var role in roles)
        {
            await ExecuteAsync($"DROP OWNED BY {role} CASCADE; DROP ROLE {role};");
        }
    }

    [Test]
    public async Task A_role_with_the_apis_rights_and_no_more_is_green()
    {
        await using var api = await StartAsAsync("", "");

        await api.ShouldBeGreenAsync();
    }

    [Test]
    public async Task A_member_of_hipaa_app_and_of_nothing_else_is_green()
    {
        await using var api = await StartAsAsync("", "GRANT hipaa_app TO {0}");

        await api.ShouldBeGreenAsync();
    }

    [TestCase("BYPASSRLS", "")]
    [TestCase("SUPERUSER", "")]
    [TestCase("CREATEROLE", "")]
    [TestCase("REPLICATION", "")]
    [TestCase("", "CREATE TABLE public.of_{0} (id int); ALTER TABLE public.of_{0} OWNER TO {0}")]
    [TestCase("", "CREATE TABLE app.of_{0} (id int); ALTER TABLE app.of_{0} OWNER TO {0}")]
    [TestCase("", "GRANT hipaa_owner TO {0}")]
    [TestCase("NOINHERIT", "GRANT hipaa_owner TO {0}")]
    [TestCase("", "GRANT hipaa_app TO {0} WITH ADMIN OPTION")]
    [TestCase("BYPASSRLS", "GRANT hipaa_app TO {0}")]
    [TestCase("", "GRANT hipaa_app TO {0}; GRANT hipaa_owner TO {0}")]
    public async Task A_role_that_could_pass_row_level_security_is_red(string attributes, string harm)
    {
        await using var api = await StartAsAsync(attributes, harm);

        await api.ShouldBeRedAsync("isolation");
    }

    private async Task<ApiHost> StartAsAsync(string attributes, string harm)
    {
        var role = $"test_{Guid.CreateVersion7():N}";
        roles.Add(role);
        await ExecuteAsync($"CREATE ROLE {role} LOGIN PASSWORD 'test' {attributes}");
        await ExecuteAsync($"""
            GRANT CONNECT ON DATABASE "{DatabaseUrl.Parse(url).Database}" TO {role};
            GRANT USAGE ON SCHEMA app TO {role};
            GRANT SELECT ON ALL TABLES IN SCHEMA app TO {role};
            GRANT EXECUTE ON FUNCTION app.current_tenant_id() TO {role};
            """);
        if (harm.Length > 0)
        {
            await ExecuteAsync(string.Format(null, harm, role));
        }

        return new ApiHost(url, App.Issuer, Settings, services => services.AddSingleton<IDatabaseCredentials>(
            new FixedCredentials(new DatabaseCredentials(role, "test"))));
    }

    private Task ExecuteAsync(string sql) =>
        App.Postgres.ExecuteAsSuperuserAsync(sql, DatabaseUrl.Parse(url).Database);

    private sealed class FixedCredentials(DatabaseCredentials credentials) : IDatabaseCredentials
    {
        public ValueTask<DatabaseCredentials> CurrentAsync(CancellationToken ct) => ValueTask.FromResult(credentials);
    }
}
