using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace HipaaTemplate.Tests.Features.Patients;

/// <summary>Spans and measurements leave a deployment for wherever they are collected; no patient's word goes with them.</summary>
internal sealed class PatientTelemetryTests
{
    private static readonly string[] ToBeSeen =
        ["Microsoft.AspNetCore", "Npgsql", "Microsoft.AspNetCore.Hosting/http.server.request.duration", "Microsoft.AspNetCore.Server.Kestrel/kestrel.connection.duration"];

    [Test]
    public async Task No_span_and_no_measurement_holds_a_word()
    {
        using var telemetry = new TelemetryProbe(PatientCanaries.Words);
        await using var api = await App.AnotherApiAsync(Server.Direct);
        using var run = new PatientCanaryRun(api.Address, await App.NewClinicAsync(), await App.NewClinicAsync());

        await run.LiveAsync();
        await run.OffendAsync(HostileRun.Operations);
        await api.DisposeAsync();

        Assert.Multiple(() =>
        {
            Assert.That(telemetry.Found, Is.Empty);
            Assert.That(ToBeSeen.Except(telemetry.Seen.Keys), Is.Empty, string.Join(", ", telemetry.Seen.Keys.Order()));
            Assert.That(telemetry.Seen["Microsoft.AspNetCore"], Is.GreaterThan(run.Count / 2));
            Assert.That(run.Leaks, Is.Empty);
        });
    }

    [Test]
    public void A_word_in_a_span_or_a_measurement_would_be_found()
    {
        var (name, birth, mrn) = (PatientCanaries.First["family_name"], PatientCanaries.First["birth_date"], PatientCanaries.First["mrn"]);
        using var telemetry = new TelemetryProbe(PatientCanaries.Words);
        using var source = new ActivitySource("HipaaTemplate.Tests.Telemetry");
        using var meter = new Meter("HipaaTemplate.Tests.Telemetry");

        using (var span = source.StartActivity("planted"))
        {
            span!.SetTag("patient.name", name);
            span.AddEvent(new ActivityEvent("read", tags: new ActivityTagsCollection { ["born"] = birth }));
        }

        meter.CreateCounter<int>("planted").Add(1, new KeyValuePair<string, object?>("mrn", mrn));

        Assert.That(
            telemetry.Found.Keys.Select(word => word.Split(" as ")[0]).Distinct(),
            Is.EquivalentTo(new[] { "first family_name", "first birth_date", "first mrn" }));
    }
}
