using HipaaTemplate.Features.Patients;
using HipaaTemplate.Platform.Authentication;
using HipaaTemplate.Platform.Authorization;
using HipaaTemplate.Platform.Errors;

namespace HipaaTemplate.Tests.Features.Patients;

/// <summary>
/// What the access matrix does not ask: people with odd roles, entity tags, and what somebody without
/// rights could learn. The table is written here again on purpose.
/// </summary>
[Hipaa(Citations.AccessControl)]
[Hipaa(Citations.AccessManagement)]
internal sealed class PatientAccessTests
{
    private static readonly string[][] People =
        [["doctor"], ["admin"], ["patient"], ["janitor"], [], ["Doctor"], ["doctor "], ["patient", "doctor"]];

    private static readonly Dictionary<string, int[]> Expected = new()
    {
        //             doctor admin patient janitor nobody Doctor "doctor " patient and doctor
        ["register"] = [201, 201, 403, 403, 403, 403, 403, 201],
        ["list"] = [200, 200, 403, 403, 403, 403, 403, 200],
        ["read"] = [200, 200, 403, 403, 403, 403, 403, 200],
        ["update"] = [200, 200, 403, 403, 403, 403, 403, 200],
        ["remove"] = [403, 204, 403, 403, 403, 403, 403, 403],
    };

    private static IEnumerable<TestCaseData> Cells => Expected.SelectMany(row => row.Value.Select((status, who) =>
        new TestCaseData(row.Key, People[who], status)
        {
            TestName = $"Somebody who is {(People[who] is [] ? "nothing" : $"'{string.Join(" and ", People[who])}'")} "
                + (status == 403 ? $"may not {row.Key}" : $"may {row.Key}"),
        }));

    [TestCaseSource(nameof(Cells))]
    public async Task Role_matrix(string what, string[] roles, int status)
    {
        var clinic = await App.NewClinicAsync();
        var stored = await App.As(clinic.Admin).CreatePatientAsync();

        using var user = App.As(clinic.User(roles));
        using var response = await DoAsync(user, what, stored);

        Assert.That((int)response.StatusCode, Is.EqualTo(status));
        if (status == 403)
        {
            await response.ShouldBeAsync(AuthorizationErrors.Forbidden);
            Assert.That(await clinic.CountPatientsAsync(), Is.EqualTo(1));
            Assert.That(await clinic.ReadColumnAsync(stored.Id, "version"), Is.EqualTo(1));
        }
    }

    [TestCaseSource(nameof(Operations))]
    public async Task A_token_without_the_roles_claim_opens_nothing(string what)
    {
        var clinic = await App.NewClinicAsync();
        var stored = await App.As(clinic.Admin).CreatePatientAsync();
        using var user = App.Api.WithToken(App.Issuer.NewToken(clinic.Admin).Without("roles").Sign());

        using var response = await DoAsync(user, what, stored);

        await response.ShouldBeAsync(AuthorizationErrors.Forbidden);
    }

    [Test]
    public async Task Whoever_may_not_read_does_not_learn_who_is_a_patient_here()
    {
        var clinic = await App.NewClinicAsync();
        var stored = await App.As(clinic.Admin).CreatePatientAsync();
        using var user = App.As(clinic.Patient);

        using var existing = await user.GetAsync(stored.Path);
        using var absent = await user.GetAsync($"{PatientCalls.Path}/{Guid.CreateVersion7()}");

        await existing.ShouldBeAsync(AuthorizationErrors.Forbidden);
        await existing.ShouldBeIndistinguishableFromAsync(absent);
    }

    [Test]
    public async Task Whoever_may_not_write_is_told_so_before_the_body_is_looked_at()
    {
        using var user = App.As((await App.NewClinicAsync()).Patient);

        using var response = await user.PostPatientAsync("{ this is no JSON");

        await response.ShouldBeAsync(AuthorizationErrors.Forbidden);
    }

    [Test]
    public async Task A_patient_of_another_clinic_is_like_one_who_was_never_registered()
    {
        var (northwind, southgate) = (await App.NewClinicAsync(), await App.NewClinicAsync());
        var stored = await App.As(northwind.Doctor).CreatePatientAsync(PatientCalls.Full());
        var absent = Guid.CreateVersion7();
        using var admin = App.As(southgate.Admin);

        foreach (var ifMatch in new[] { null, "*", stored.EntityTag, "\"7\"", "nonsense" })
        {
            await ShouldBeAlikeAsync(id => admin.GetPatientAsync(id, "If-Match", ifMatch));
            await ShouldBeAlikeAsync(id => admin.GetPatientAsync(id, "If-None-Match", ifMatch));
            await ShouldBeAlikeAsync(id => admin.PutPatientAsync(id, PatientCalls.Full(), ifMatch));
            await ShouldBeAlikeAsync(id => admin.DeletePatientAsync(id, ifMatch));
        }

        using var read = await App.As(northwind.Doctor).GetAsync(stored.Path);
        Assert.That((await read.ShouldBeJsonAsync()).GetRawText(), Is.EqualTo(stored.Body.GetRawText()));

        async Task ShouldBeAlikeAsync(Func<Guid, Task<HttpResponseMessage>> act)
        {
            using var foreign = await act(stored.Id);
            using var missing = await act(absent);
            await foreign.ShouldBeAsync(PatientErrors.NotFound);
            await foreign.ShouldBeIndistinguishableFromAsync(missing);
        }
    }

    private static string[] Operations() => [.. Expected.Keys];

    private static Task<HttpResponseMessage> DoAsync(HttpClient user, string what, Stored stored) => what switch
    {
        "register" => user.PostPatientAsync(PatientCalls.Minimal()),
        "list" => user.GetAsync(PatientCalls.Path),
        "read" => user.GetAsync(stored.Path),
        "update" => user.PutPatientAsync(stored.Id, PatientCalls.Minimal(), stored.EntityTag),
        "remove" => user.DeletePatientAsync(stored.Id, stored.EntityTag),
        _ => throw new ArgumentOutOfRangeException(nameof(what)),
    };
}
