using HipaaTemplate.Platform.Database;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace HipaaTemplate.Tests.Platform.Health;

/// <summary>
/// The API refuses to be ready as a role that row-level security does not bind. Each case is a login
/// of its own with one right too many; the shared hipaa_app stays as it is.
/// </summary>
internal sealed class RoleReadinessTests
{
    private readonly List<string> roles = [];
    private ApiHost owner = null!;
    private string url = null!;

    [OneTimeSetUp]
    public async Task MigrateAsync() => (owner, url) = await App.NewApiAsync();

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

    [TestCase("BYPASSRLS", "")]
    [TestCase("SUPERUSER", "")]
    [TestCase("CREATEROLE", "")]
    [TestCase("REPLICATION", "")]
    [TestCase("", "CREATE TABLE public.of_{0} (id int); ALTER TABLE public.of_{0} OWNER TO {0}")]
    [TestCase("", "CREATE TABLE app.of_{0} (id int); ALTER TABLE app.of_{0} OWNER TO {0}")]
    [TestCase("", "GRANT hipaa_owner TO {0}")]
    [TestCase("NOINHERIT", "GRANT hipaa_owner TO {0}")]
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

        var connection = DatabaseUrl.Parse(url);
        (connection.Username, connection.Password, connection.Pooling) = (role, "test", false);
        return new ApiHost(url, App.Issuer, null, services => services.AddSingleton(
            _ => new NpgsqlDataSourceBuilder(connection.ConnectionString).Build()));
    }

    private Task ExecuteAsync(string sql) =>
        App.Postgres.ExecuteAsSuperuserAsync(sql, DatabaseUrl.Parse(url).Database);
}
