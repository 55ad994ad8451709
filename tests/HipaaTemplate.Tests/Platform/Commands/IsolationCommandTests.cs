using HipaaTemplate.Platform.Database;

namespace HipaaTemplate.Tests.Platform.Commands;

/// <summary>isolation prove, as an operator runs it: the real binary on a live database.</summary>
internal sealed class IsolationCommandTests
{
    private const string Planted = "app.planted";

    private ApiHost api = null!;
    private string url = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        (api, url) = await App.NewMigratedApiAsync();
        await App.NewClinicAsync(api);
    }

    [OneTimeTearDown]
    public ValueTask StopAsync() => api.DisposeAsync();

    [Test]
    public async Task It_is_green_where_everything_is_as_promised_and_writes_nothing()
    {
        await App.Postgres.ExecuteAsSuperuserAsync(
            $"""ALTER DATABASE "{DatabaseUrl.Parse(url).Database}" SET default_transaction_read_only = on""");
        try
        {
            var result = await ProveAsync();
            Assert.That(result.ExitCode, Is.Zero, result.Output + result.Errors);
            Assert.That(result.Output, Does.Contain("isolated: ").And.Not.Contains("WRONG"));
        }
        finally
        {
            await App.Postgres.ExecuteAsSuperuserAsync(
                $"""ALTER DATABASE "{DatabaseUrl.Parse(url).Database}" RESET default_transaction_read_only""");
        }
    }

    [Test]
    public async Task It_names_what_is_wrong_and_ends_with_1()
    {
        await using var owner = await api.OpenOwnerConnectionAsync();
        await owner.ExecuteAsync($"""
            CREATE TABLE {Planted} (tenant_id uuid NOT NULL, id uuid NOT NULL, PRIMARY KEY (tenant_id, id));
            GRANT SELECT, INSERT, UPDATE, DELETE ON {Planted} TO hipaa_app;
            """);
        try
        {
            var result = await ProveAsync();
            Assert.That(result.ExitCode, Is.EqualTo(1));
            Assert.That(result.Output, Does.Contain($"WRONG  row-level security is not enabled: {Planted}"));
            Assert.That(result.Output, Does.Contain($"WRONG  the model does not have: column {Planted}.id uuid NOT NULL"));
            Assert.That(result.Output, Does.EndWith("NOT isolated\n"));
        }
        finally
        {
            await owner.ExecuteAsync($"DROP TABLE {Planted}");
        }
    }

    [Test]
    public async Task A_database_without_the_schema_is_one_line()
    {
        var empty = await App.Postgres.CreateDatabaseAsync($"test_{Guid.CreateVersion7():N}");
        var result = await ApiProcess.RunAsync(ApiProcess.Settings(empty, App.Issuer), "isolation", "prove");
        Assert.That(result.ExitCode, Is.EqualTo(1));
        Assert.That(result.Output + result.Errors, Does.Not.Contain("   at "));
    }

    private Task<ProcessResult> ProveAsync() => ApiProcess.RunAsync(ApiProcess.Settings(url, App.Issuer), "isolation", "prove");
}
