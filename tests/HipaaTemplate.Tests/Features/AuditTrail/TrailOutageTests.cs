using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Errors;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Tests.Features.AuditTrail;

/// <summary>Who reads the trail is in it, or reads nothing.</summary>
internal sealed class TrailOutageTests
{
    [Test]
    public async Task Nothing_is_shown_when_the_read_itself_cannot_be_stored()
    {
        await using var scene = await TrailScene.SetAsync(Server.Direct);
        var patient = await scene.AddAsync(scene.Own);
        // The users' ids are known from here on.
        await scene.Auditor.PageAsync(TrailScene.Events);
        await scene.AsPatient($"{patient}").PageAsync(TrailScene.OwnAccesses);
        await using (var dba = await DatabaseAccess.OpenSuperuserConnectionAsync(scene.Url))
        {
            await dba.ExecuteAsync($"ALTER TABLE {AuditTables.PatientEvents} ADD CONSTRAINT nothing CHECK (false) NOT VALID");
            await ShouldFailAsync(scene, TrailScene.AccessesOf(patient), $"{TrailScene.Events}?patient_id={patient}", TrailScene.OwnAccesses);
            await scene.Auditor.PageAsync(TrailScene.Events);
            await dba.ExecuteAsync($"ALTER TABLE {AuditTables.Events} ADD CONSTRAINT nothing CHECK (false) NOT VALID");
            await ShouldFailAsync(scene, TrailScene.AccessesOf(patient), TrailScene.Events, TrailScene.OwnAccesses);
        }
    }

    [Test]
    public async Task A_reader_that_cannot_log_in_is_the_database_that_is_away()
    {
        await using var scene = await TrailScene.SetAsync(Server.Direct, configure: services => services.AddSingleton(
            provider => new ReviewerDatabase(Options.Create(new DatabaseSettings
            {
                Url = provider.GetRequiredService<IOptions<DatabaseSettings>>().Value.Url, SigningSecret = new string('x', 32),
            }))));
        using var response = await scene.Auditor.GetAsync(TrailScene.Events);
        await response.ShouldBeAsync(DatabaseErrors.Unavailable);
        Assert.That(await response.EventsOfAsync(scene.Own.Id, scene.Url), Is.Empty);
        var findings = await scene.Api.Services.GetRequiredService<IsolationProof>().RunAsync(scene.Api.IsolationPromise(), CancellationToken.None);
        Assert.That(findings.Violations.Select(violation => violation.Subject), Has.Some.EqualTo(DatabaseRoles.Reviewer));
        Assert.That(findings.Holds, Is.False);
    }

    private static async Task ShouldFailAsync(TrailScene scene, params string[] paths)
    {
        foreach (var path in paths)
        {
            var reader = path == TrailScene.OwnAccesses ? scene.AsPatient($"{await PatientOfAsync(scene)}") : scene.Auditor;
            using var response = await reader.GetAsync(path);
            await response.ShouldBeAsync(AuditErrors.Unavailable);
        }
    }

    private static async Task<Guid> PatientOfAsync(TrailScene scene) =>
        (await scene.StoredAsync(scene.Own)).SelectMany(entry => entry.Patients).First();
}
