using System.Text.Json;
using System.Text.Json.Nodes;
using HipaaTemplate.Features.Patients;
using HipaaTemplate.Platform.Protection;
using Npgsql;

namespace HipaaTemplate.Tests.Features.Patients;

/// <summary>
/// What a DBA changed in a patient's row is never shown and never written over: the caller gets KEY_003 and nothing
/// of the patient, and who looks after the system one security event with ids.
/// </summary>
[Hipaa(Citations.AuthenticateData)]
internal sealed class TamperPatientTests
{
    private static readonly string[] ShownInLists =
        [nameof(Patient.GivenName), nameof(Patient.FamilyName), nameof(Patient.BirthDate), nameof(Patient.Sex), nameof(Patient.Mrn)];

    private readonly LogCapture log = new();
    private ApiHost api = null!;
    private NpgsqlConnection dba = null!;

    private static IEnumerable<PhiColumn> Columns => PhiTable.Of(typeof(Patient)).Columns;

    private static IEnumerable<TestCaseData<string, int>> ColumnCases => Columns.Select(
        column => new TestCaseData<string, int>(column.Name, column.Number));

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        (api, var url) = await App.NewApiAsync(configureServices: log.Install);
        dba = await DatabaseAccess.OpenSuperuserConnectionAsync(url);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await dba.DisposeAsync();
        await api.DisposeAsync();
    }

    [TestCaseSource(nameof(ColumnCases))]
    public async Task One_bit_of_one_column_keeps_the_patient_from_being_read_listed_and_replaced(string column, int number)
    {
        var clinic = await App.NewClinicAsync(api);
        using var doctor = App.As(api, clinic.Doctor);
        var patient = await doctor.CreatePatientAsync(PatientCanaries.Body(PatientCanaries.First));
        var name = ColumnOf(column);
        await dba.ExecuteAsync($"UPDATE app.patients SET {name} = set_byte({name}, length({name}) - 17, get_byte({name}, length({name}) - 17) # 4) WHERE id = '{patient.Id}'");
        var before = await RowAsync(patient.Id);

        await ShouldBeRefusedAsync(() => doctor.GetAsync(patient.Path), clinic, patient.Id, number);
        await ShouldBeRefusedAsync(() => doctor.PutPatientAsync(patient.Id, PatientCanaries.Body(PatientCanaries.Second), "*"), clinic, patient.Id, number);
        if (ShownInLists.Contains(column))
        {
            await ShouldBeRefusedAsync(() => doctor.GetAsync(PatientCalls.Path), clinic, patient.Id, number);
            await ShouldBeRefusedAsync(() => SearchAsync(doctor, "email"), clinic, patient.Id, number);
        }
        else
        {
            await (await doctor.GetAsync(PatientCalls.Path)).ShouldBeJsonAsync();
            // What would take its place is nothing.
            await ShouldBeRefusedAsync(() => doctor.PutPatientAsync(patient.Id, PatientCalls.Minimal(), "*"), clinic, patient.Id, number);
        }

        Assert.That(await RowAsync(patient.Id), Is.EqualTo(before), "it is evidence");
    }

    [Test]
    public async Task Two_columns_that_changed_places_are_refused()
    {
        var clinic = await App.NewClinicAsync(api);
        using var doctor = App.As(api, clinic.Doctor);
        var patient = await doctor.CreatePatientAsync(PatientCanaries.Body(PatientCanaries.First));
        await dba.ExecuteAsync($"UPDATE app.patients SET given_name = family_name, family_name = given_name WHERE id = '{patient.Id}'");

        await ShouldBeRefusedAsync(() => doctor.GetAsync(patient.Path), clinic, patient.Id, 1, 2);
        await ShouldBeRefusedAsync(() => doctor.GetAsync(PatientCalls.Path), clinic, patient.Id, 1, 2);
        await ShouldBeRefusedAsync(() => doctor.PutPatientAsync(patient.Id, PatientCanaries.Body(PatientCanaries.Second), "*"), clinic, patient.Id, 1, 2);
    }

    [Test]
    public async Task Two_patients_whose_values_changed_places_are_refused()
    {
        var clinic = await App.NewClinicAsync(api);
        using var doctor = App.As(api, clinic.Doctor);
        var one = await doctor.CreatePatientAsync(PatientCanaries.Body(PatientCanaries.First));
        var other = await doctor.CreatePatientAsync(PatientCanaries.Body(PatientCanaries.Second));
        await dba.ExecuteAsync($"""
            UPDATE app.patients p SET medical_history = o.medical_history FROM app.patients o
            WHERE (p.id, o.id) IN (('{one.Id}', '{other.Id}'), ('{other.Id}', '{one.Id}'))
            """);

        await ShouldBeRefusedAsync(() => doctor.GetAsync(one.Path), clinic, one.Id, 10);
        await ShouldBeRefusedAsync(() => doctor.GetAsync(other.Path), clinic, other.Id, 10);
    }

    /// <summary>A hash that was moved finds the wrong patient, who is passed over: her number is another one.</summary>
    [Test]
    public async Task A_patient_under_the_hash_of_another_is_not_found_as_her()
    {
        var clinic = await App.NewClinicAsync(api);
        using var doctor = App.As(api, clinic.Doctor);
        var one = await doctor.CreatePatientAsync(PatientCanaries.Body(PatientCanaries.First));
        var other = await doctor.CreatePatientAsync(PatientCanaries.Body(PatientCanaries.Second));
        await dba.ExecuteAsync($"""
            UPDATE app.patients p SET email_index_a = o.email_index_a, email_index_b = o.email_index_b FROM app.patients o
            WHERE (p.id, o.id) IN (('{one.Id}', '{other.Id}'), ('{other.Id}', '{one.Id}'))
            """);

        var found = await (await SearchAsync(doctor, "email")).ShouldBeJsonAsync();

        Assert.That(found.GetProperty("items").GetArrayLength(), Is.Zero);
    }

    private static Task<HttpResponseMessage> SearchAsync(HttpClient doctor, string member) => doctor.PostAsync(
        $"{PatientCalls.Path}/search", PatientCalls.Json(new JsonObject { [member] = PatientCanaries.First[member] }.ToJsonString()));

    private static string ColumnOf(string property) =>
        string.Concat(property.Select((c, i) => char.IsUpper(c) && i > 0 ? $"_{c}" : $"{c}")).ToLowerInvariant();

    private Task<string> RowAsync(Guid id) => dba.ScalarAsync<string>($"SELECT p::text FROM app.patients p WHERE id = '{id}'");

    private async Task ShouldBeRefusedAsync(Func<Task<HttpResponseMessage>> call, Clinic clinic, Guid row, params int[] columns)
    {
        var before = log.Lines.Count;
        using var response = await call();
        await response.ShouldBeAsync(ProtectionErrors.NotAuthentic);
        Assert.That(PatientCanaries.Words.FindIn($"{response.Headers}{await response.Content.ReadAsStringAsync()}"), Is.Empty);

        var lines = log.Lines.Skip(before).ToList();
        var events = lines.Select(line => JsonSerializer.Deserialize<JsonElement>(line))
            .Where(line => line.GetProperty("@mt").GetString()!.StartsWith("SECURITY", StringComparison.Ordinal)).ToList();
        Assert.That(events, Has.Count.EqualTo(1), string.Join('\n', lines));
        Assert.Multiple(() =>
        {
            Assert.That(lines.SelectMany(line => PatientCanaries.Words.FindIn(line)), Is.Empty);
            Assert.That(events[0].GetProperty("@l").GetString(), Is.EqualTo("Fatal"));
            Assert.That(events[0].GetProperty("TenantId").GetString(), Is.EqualTo(clinic.Id.ToString()));
            Assert.That(events[0].GetProperty("Table").GetInt32(), Is.EqualTo(1));
            Assert.That(events[0].GetProperty("Column").GetInt32(), Is.AnyOf([.. columns]));
            Assert.That(events[0].GetProperty("Row").GetString(), Is.EqualTo(row.ToString()));
        });
    }
}
