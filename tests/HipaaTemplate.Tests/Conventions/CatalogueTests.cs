using HipaaTemplate.Platform.Database;

namespace HipaaTemplate.Tests.Conventions;

/// <summary>The live database isolates tenants as the model promises.</summary>
[Hipaa(Citations.AccessControl)]
internal sealed class CatalogueTests
{
    [Test]
    public async Task The_database_that_the_migrations_made_breaks_no_rule()
    {
        await using var connection = await App.Api.OpenAppConnectionAsync();
        Assert.That(await AuditAsync(App.Api, connection), Is.Empty);
    }

    [Test]
    public async Task Every_table_of_the_model_is_looked_at()
    {
        await using var connection = await App.Api.OpenOwnerConnectionAsync();
        var protectedTables = await connection.ColumnAsync<string>(
            "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname IN ('app', 'keys') AND rowsecurity");
        Assert.That(protectedTables, Is.SupersetOf(App.Api.IsolationPromise().TenantTables));
        Assert.That(protectedTables, Does.Contain("app.probes"));
    }

    internal static async Task<IReadOnlyList<IsolationViolation>> AuditAsync(
        ApiHost api, Npgsql.NpgsqlConnection connection) =>
        await IsolationAudit.RunAsync(connection, api.IsolationPromise(), CancellationToken.None);
}
