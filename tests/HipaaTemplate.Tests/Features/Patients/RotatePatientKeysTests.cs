using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using Npgsql;

namespace HipaaTemplate.Tests.Features.Patients;

/// <summary>The clinic's key is replaced while its people work.</summary>
internal sealed class RotatePatientKeysTests
{
    private const int Writers = 50;
    private const int Readers = 50;

    /// <summary>So that what takes twenty minutes takes seconds; less, and a busy machine's keys would grow too old.</summary>
    private static readonly Dictionary<string, string> Quick = new() { ["KEY_CACHE_SECONDS"] = "2" };

    private ApiHost api = null!;
    private string url = null!;
    private NpgsqlConnection dba = null!;
    private Dictionary<string, string> settings = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        (api, url) = await App.NewApiAsync(Quick);
        dba = await DatabaseAccess.OpenSuperuserConnectionAsync(url);
        settings = ApiProcess.Settings(url, App.Issuer);
        settings["KEY_CACHE_SECONDS"] = "2";
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await dba.DisposeAsync();
        await api.DisposeAsync();
    }

    [Test]
    public async Task Fifty_who_write_and_fifty_who_read_notice_nothing()
    {
        var clinic = await App.NewClinicAsync(api);
        using var doctor = App.As(api, clinic.Doctor);
        ConcurrentBag<string> wrong = [];
        ConcurrentDictionary<Guid, string> names = new();
        var first = await Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => doctor.CreatePatientAsync()));
        foreach (var patient in first)
        {
            names[patient.Id] = "Ada";
        }

        using var over = new CancellationTokenSource();
        var working = Task.WhenAll(
        [
            .. Enumerable.Range(0, Writers).Select(i => WriteAsync(doctor, first[i], names, wrong, over.Token)),
            .. Enumerable.Range(0, Readers).Select(i => ReadAsync(doctor, i, names, wrong, over.Token)),
        ]);
        var rotation = await ApiProcess.RunAsync(settings, "keys", "rotate", "--tenant", clinic.Slug);
        await over.CancelAsync();
        await working;

        Assert.That(rotation.ExitCode, Is.Zero, rotation.Output + rotation.Errors);
        Assert.That(wrong, Is.Empty);
        await ShouldBeRotatedAsync(clinic);
        await using var afterwards = new ApiHost(url, App.Issuer, Quick);
        using var later = App.As(afterwards, clinic.Doctor);
        foreach (var (id, name) in names)
        {
            using var read = await later.GetAsync($"{PatientCalls.Path}/{id}");
            Assert.That((await read.ShouldBeJsonAsync()).GetProperty("given_name").GetString(), Is.EqualTo(name));
        }
    }

    [Test]
    public async Task A_rotation_that_is_killed_at_ten_points_ends_as_one_that_was_not()
    {
        var clinic = await App.NewClinicAsync(api);
        using var doctor = App.As(api, clinic.Doctor);
        var patients = await Task.WhenAll(Enumerable.Range(0, 400).Select(_ => doctor.CreatePatientAsync(PatientCalls.Full())));
        for (var i = 1; i <= 10; i++)
        {
            await using var killed = ApiProcess.Begin(settings, "keys", "rotate", "--tenant", clinic.Slug);
            // From before it connects to after it has begun to wait for the end.
            await Task.Delay(TimeSpan.FromMilliseconds(500 * i));
        }

        var last = await ApiProcess.RunAsync(settings, "keys", "rotate", "--tenant", clinic.Slug);

        Assert.That(last.ExitCode, Is.Zero, last.Output + last.Errors);
        await ShouldBeRotatedAsync(clinic);
        await using var afterwards = new ApiHost(url, App.Issuer, Quick);
        using var later = App.As(afterwards, clinic.Doctor);
        foreach (var patient in patients.Where((_, i) => i % 7 == 0))
        {
            using var read = await later.GetAsync($"{PatientCalls.Path}/{patient.Id}");
            Assert.That((await read.ShouldBeJsonAsync()).GetRawText(), Is.EqualTo(patient.Body.GetRawText()));
            using var found = await later.PostAsync(
                $"{PatientCalls.Path}/search", PatientCalls.Json(JsonSerializer.Serialize(new { mrn = patient.Body.GetProperty("mrn").GetString() })));
            Assert.That((await found.ShouldBeJsonAsync()).GetProperty("items")[0].GetProperty("id").GetGuid(), Is.EqualTo(patient.Id));
        }
    }

    [Test]
    public async Task Status_shows_every_version_and_what_is_under_it()
    {
        var clinic = await App.NewClinicAsync(api);
        using var doctor = App.As(api, clinic.Doctor);
        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => doctor.CreatePatientAsync()));
        var rotation = await ApiProcess.RunAsync(settings, "keys", "rotate", "--tenant", clinic.Slug);
        Assert.That(rotation.ExitCode, Is.Zero, rotation.Output + rotation.Errors);

        var status = await ApiProcess.RunAsync(settings, "keys", "status", "--tenant", clinic.Slug);

        Assert.That(status.ExitCode, Is.Zero, status.Errors);
        Assert.That(status.Output, Does.Match(
            @"version 1  general  retired +local default .* rows 0  values \d+\n.*version 2  general  seals +local default .* rows 3  values \d+\n"));
    }

    private static async Task WriteAsync(
        HttpClient doctor, Stored patient, ConcurrentDictionary<Guid, string> names, ConcurrentBag<string> wrong, CancellationToken over)
    {
        var entityTag = patient.EntityTag;
        for (var i = 0; !over.IsCancellationRequested; i++)
        {
            var name = $"Ada {i}";
            using var updated = await doctor.PutPatientAsync(
                patient.Id, PatientCalls.Minimal(patient.Body.GetProperty("mrn").GetString()).With("given_name", name), entityTag);
            if (updated.StatusCode != HttpStatusCode.OK)
            {
                wrong.Add($"PUT {(int)updated.StatusCode} {await updated.Content.ReadAsStringAsync(CancellationToken.None)}");
                return;
            }

            entityTag = updated.Headers.ETag!.ToString();
            names[patient.Id] = name;
            if (i % 5 == 0)
            {
                var added = await doctor.CreatePatientAsync();
                names[added.Id] = "Ada";
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), CancellationToken.None);
        }
    }

    private static async Task ReadAsync(
        HttpClient doctor, int reader, ConcurrentDictionary<Guid, string> names, ConcurrentBag<string> wrong, CancellationToken over)
    {
        for (var i = reader; !over.IsCancellationRequested; i++)
        {
            var ids = names.Keys.ToList();
            using var read = await doctor.GetAsync($"{PatientCalls.Path}/{ids[i % ids.Count]}", CancellationToken.None);
            var body = await read.Content.ReadAsStringAsync(CancellationToken.None);
            if (read.StatusCode != HttpStatusCode.OK || !body.Contains("\"Ada", StringComparison.Ordinal))
            {
                wrong.Add($"GET {(int)read.StatusCode} {body}");
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), CancellationToken.None);
        }
    }

    private async Task ShouldBeRotatedAsync(Clinic clinic)
    {
        var versions = await dba.ColumnAsync<int>(
            $"SELECT version FROM keys.tenant_keys WHERE tenant_id = '{clinic.Id}' AND retired_at IS NULL");
        Assert.That(versions, Has.Count.EqualTo(1));
        Assert.That(versions[0], Is.GreaterThan(1));
        Assert.That(
            await dba.ColumnAsync<int>($"SELECT DISTINCT key_version FROM keys.subject_keys WHERE tenant_id = '{clinic.Id}'"),
            Is.EqualTo(versions));
        Assert.That(
            await dba.ScalarAsync<long>($"SELECT count(*) FROM app.patients WHERE tenant_id = '{clinic.Id}' AND (mrn_index_a IS NULL) = (mrn_index_b IS NULL)"),
            Is.Zero, "one hash, in one of the two columns");
    }
}
