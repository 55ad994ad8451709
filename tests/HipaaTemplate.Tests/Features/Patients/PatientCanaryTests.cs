using HipaaTemplate.Platform.Protection;
using Npgsql;

namespace HipaaTemplate.Tests.Features.Patients;

/// <summary>
/// Whoever gets a dump, the disk, the write-ahead log, PostgreSQL's log with every statement and its values, the
/// API's output or its errors, gets no patient's word in any form. The cluster is this fixture's own, and its log
/// says all that it can say.
/// </summary>
[Hipaa(Citations.Encryption)]
[Hipaa(Citations.BreachNotification)]
[Hipaa(Citations.Transmission)]
internal sealed class PatientCanaryTests
{
    private const string Database = "canaries";

    /// <summary>So that a rotation takes seconds; less, and a busy machine's keys would grow too old.</summary>
    private const string CacheSeconds = "3";

    private static readonly int[] ToBeMet = [200, 201, 204, 400, 401, 403, 404, 405, 409, 412, 413, 415, 428, 503];

    private readonly List<string> said = [];
    private PostgresCluster cluster = null!;
    private ClusterOnDisk disk = null!;
    private Dictionary<string, string> settings = null!;
    private Clinic northwind = null!;
    private Clinic southgate = null!;
    private PatientCanaryRun run = null!;
    private PatientCanaryRun keyless = null!;

    [OneTimeSetUp]
    public async Task LeaveTracesAsync()
    {
        cluster = await PostgresCluster.StartAsync();
        Assume.That(cluster.IsOurs, "not on a server that others use");
        settings = ApiProcess.Settings(await cluster.CreateDatabaseAsync(Database), App.Issuer);
        settings["KEY_CACHE_SECONDS"] = CacheSeconds;
        settings["LOG_LEVEL"] = "DEBUG";
        disk = await ClusterOnDisk.OfAsync(cluster, Database);
        await LetPostgresTalkAsync();
        await RunAsync("migrate", "up");
        northwind = await AddClinicAsync("northwind");
        southgate = await AddClinicAsync("southgate");

        await using var api = await ApiProcess.ServeAsync(settings);
        run = new PatientCanaryRun(api.Address!, northwind, southgate);
        await run.LiveAsync();
        var rotating = RunAsync("keys", "rotate", "--tenant", northwind.Slug);
        await run.OffendAsync(EndpointTable.Of(App.Api).Where(operation => !operation.Template.StartsWith(ProbeFeature.Path, StringComparison.Ordinal)));
        await rotating;
        await RunAsync("keys", "status");
        await RunAsync("keys", "reseal");
        await AskStatisticsAsync();
        await LosePowerAsync();
        await run.FindAsync(PatientCanaries.Second);
        await EndAsync(api);
        await WithoutKeysAsync();
        await disk.FlushAsync();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        run?.Dispose();
        keyless?.Dispose();
        await cluster.DisposeAsync();
    }

    [Test]
    [Order(1)]
    public void The_traces_are_those_that_were_meant()
    {
        TestContext.Progress.WriteLine($"{run.Count} requests, {PatientCanaries.Words.Forms.Count} forms, statuses {string.Join(' ', run.Statuses.Order())}");
        Assert.Multiple(() =>
        {
            Assert.That(ToBeMet.Except(run.Statuses).Except(keyless.Statuses), Is.Empty);
            Assert.That(run.Count, Is.GreaterThan(1_000));
            Assert.That(File.ReadAllText(disk.Log), Does.Contain("INSERT INTO app.patients").And.Contain("parameters: $1").And.Contain("duplicate key value"));
            Assert.That(said, Has.Some.Match("sealed [1-9][0-9]* rows anew"), "the rotation had something to do");
            Assert.That(said, Has.Some.Contains("\"status\":409"), "the API's log is among what is searched");
        });
    }

    [Test]
    [Order(2)]
    public void No_answer_repeats_a_word_outside_the_patients_own() =>
        Assert.That(run.Leaks.Concat(keyless.Leaks), Is.Empty);

    [Test]
    [Order(3)]
    public void No_output_of_the_api_or_of_a_verb_repeats_a_word() => Assert.That(
        said.SelectMany(text => PatientCanaries.Words.FindIn(text)).Distinct(), Is.Empty);

    [Test]
    [Order(4)]
    public async Task No_dump_holds_a_word()
    {
        Assert.That(PatientCanaries.Words.FindIn(await disk.DumpAsync()), Is.Empty);
        Assert.That(PatientCanaries.Words.FindIn(await disk.DumpPackedAsync()), Is.Empty);
    }

    [Test]
    [Order(5)]
    public void No_file_of_the_server_holds_a_word()
    {
        List<string> found = [];
        foreach (var (name, bytes) in disk.Files().Append(("the log", File.ReadAllBytes(disk.Log))).Append(("the write-ahead log", disk.WriteAheadLog())))
        {
            found.AddRange(PatientCanaries.Words.FindIn(bytes).Select(word => $"{name}: {word}"));
        }

        Assert.That(found, Is.Empty);
    }

    /// <summary>Whatever the value, sex above all, of which there are four.</summary>
    [Test]
    [Order(6)]
    public async Task Every_value_of_a_patient_is_an_envelope()
    {
        await using var connection = await disk.OpenAsync();
        foreach (var column in PhiTable.Of(typeof(HipaaTemplate.Features.Patients.Patient)).Columns)
        {
            var name = string.Concat(column.Name.Select((c, i) => char.IsUpper(c) && i > 0 ? $"_{c}" : $"{c}")).ToLowerInvariant();
            var values = await connection.ColumnAsync<byte[]>($"SELECT {name} FROM app.patients WHERE {name} IS NOT NULL");
            Assert.That(values, Is.Not.Empty, name);
            Assert.That(values.Select(value => Envelope.KeyVersionOf(value)), Has.All.Not.Null, name);
            if (column.Bucket > 1)
            {
                Assert.That(values.Select(value => value.Length).Distinct().Count(), Is.EqualTo(1), name);
            }
        }
    }

    /// <summary>Else the searches above could not fail: one word in clear is found in each place, and each form of each word in the files.</summary>
    [Test]
    [Order(7)]
    public async Task What_is_planted_in_clear_is_found_in_each_place()
    {
        await using (var connection = await disk.OpenAsync())
        {
            await connection.ExecuteAsync("CREATE TABLE public.planted (word text, form bytea)");
            foreach (var (field, word) in PatientCanaries.Words.Words)
            {
                await using var insert = new NpgsqlCommand("INSERT INTO public.planted (word) VALUES (@word)", connection);
                insert.Parameters.AddWithValue("word", word);
                await insert.ExecuteNonQueryAsync();
            }

            foreach (var (_, bytes) in PatientCanaries.Words.Forms)
            {
                await using var insert = new NpgsqlCommand("INSERT INTO public.planted (form) VALUES (@form)", connection);
                insert.Parameters.AddWithValue("form", bytes);
                await insert.ExecuteNonQueryAsync();
            }
        }

        await disk.FlushAsync();
        var everything = PatientCanaries.Words.Forms.Select(form => form.Name).ToHashSet();
        var tables = disk.Files().Where(file => !file.Name.StartsWith("pg_wal", StringComparison.Ordinal))
            .SelectMany(file => PatientCanaries.Words.FindIn(file.Bytes)).ToHashSet();
        var writeAhead = PatientCanaries.Words.FindIn(disk.WriteAheadLog());
        var (dump, packed, log) = (await disk.DumpAsync(), await disk.DumpPackedAsync(), await File.ReadAllBytesAsync(disk.Log));
        Assert.Multiple(() =>
        {
            Assert.That(everything.Except(tables), Is.Empty, "tables");
            Assert.That(everything.Except(writeAhead), Is.Empty, "write-ahead log");
            foreach (var field in PatientCanaries.Words.Words.Keys)
            {
                foreach (var (place, bytes) in new[] { ("dump", dump), ("packed dump", packed), ("log", log) })
                {
                    Assert.That(PatientCanaries.Words.FindIn(bytes), Has.Some.StartsWith($"{field} as"), place);
                }
            }
        });
    }

    /// <summary>Every statement with all values, of those that fail too; and nothing of the write-ahead log is used again.</summary>
    private async Task LetPostgresTalkAsync()
    {
        await disk.SetAsync(
            ("log_statement", "all"), ("log_min_duration_statement", "0"), ("log_error_verbosity", "verbose"),
            ("log_parameter_max_length", "-1"), ("log_parameter_max_length_on_error", "-1"), ("log_min_messages", "debug1"),
            ("wal_keep_size", "4GB"));
        await using (var connection = await disk.OpenAsync())
        {
            if (!await connection.ScalarAsync<bool>("SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_stat_statements')"))
            {
                return;
            }
        }

        await disk.SetAsync(("shared_preload_libraries", "pg_stat_statements"));
        await disk.RestartAsync();
        await using var again = await disk.OpenAsync();
        await again.ExecuteAsync("CREATE EXTENSION pg_stat_statements SCHEMA public");
    }

    private async Task AskStatisticsAsync()
    {
        await using var connection = await disk.OpenAsync();
        if (await connection.ScalarAsync<bool>("SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_stat_statements')"))
        {
            var statements = await connection.ColumnAsync<string>("SELECT query FROM public.pg_stat_statements");
            Assert.That(statements, Has.Some.Contains("INSERT INTO app.patients"));
            said.AddRange(statements);
        }

        said.AddRange(await connection.ColumnAsync<string>("SELECT query FROM pg_stat_activity WHERE query IS NOT NULL"));
        said.AddRange(await connection.ColumnAsync<string>("SELECT coalesce(most_common_vals::text, '') || coalesce(histogram_bounds::text, '') FROM pg_stats WHERE schemaname IN ('app', 'keys')"));
    }

    /// <summary>PostgreSQL is killed under requests, and comes back.</summary>
    private async Task LosePowerAsync()
    {
        using var over = new CancellationTokenSource();
        var working = run.WorkAsync(callers: 8, over.Token);
        await disk.RestartAsync();
        await Eventually.IsTrueAsync(async () => await run.ListAsync() == 200, "The API never came back.");
        await over.CancelAsync();
        await working;
    }

    /// <summary>An API whose key file cannot be: nothing is registered, and nothing is said of what should have been.</summary>
    private async Task WithoutKeysAsync()
    {
        await using var api = await ApiProcess.ServeAsync(new Dictionary<string, string>(settings) { ["KEY_LOCAL_FILE"] = "/dev/null/key" });
        keyless = new PatientCanaryRun(api.Address!, northwind, southgate);
        Assert.That(await keyless.RegisterAsync(PatientCanaries.First["mrn"]), Is.EqualTo(503));
        Assert.That(await keyless.ListAsync(), Is.EqualTo(503));
        await keyless.FindAsync(PatientCanaries.Second);
        await EndAsync(api);
    }

    private async Task EndAsync(ApiProcess api)
    {
        await api.TerminateAsync();
        var result = await api.ExitAsync();
        said.AddRange([result.Output, result.Errors]);
    }

    private async Task<Clinic> AddClinicAsync(string slug)
    {
        var clinic = new Clinic(HipaaTemplate.Platform.Tenancy.TenantId.From(Guid.CreateVersion7()), slug);
        await RunAsync("tenants", "add", slug, "A clinic", "--id", clinic.Id.ToString());
        return clinic;
    }

    private async Task RunAsync(params string[] verb)
    {
        var result = await ApiProcess.RunAsync(settings, verb);
        Assert.That(result.ExitCode, Is.Zero, result.Output + result.Errors);
        said.AddRange([result.Output, result.Errors]);
    }
}
