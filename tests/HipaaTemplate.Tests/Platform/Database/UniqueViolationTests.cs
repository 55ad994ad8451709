using System.Net;
using System.Net.Http.Json;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace HipaaTemplate.Tests.Platform.Database;

/// <summary>A value that is taken is taken within the tenant, and no message says who has it or what it is.</summary>
internal sealed class UniqueViolationTests
{
    private Clinic own = null!;
    private Clinic other = null!;
    private string theirs = null!;

    [SetUp]
    public async Task StoreAsync()
    {
        (own, other) = (await App.NewClinicAsync(), await App.NewClinicAsync());
        theirs = $"theirs-{Guid.CreateVersion7():N}";
        using var created = await App.As(other.Doctor).PostAsJsonAsync(ProbeFeature.Path, new { text = theirs });
        Assert.That(created.StatusCode, Is.EqualTo(HttpStatusCode.Created));
    }

    [Test]
    public async Task Whoever_tries_another_tenants_value_learns_nothing()
    {
        using var doctor = App.As(own.Doctor);
        using var first = await doctor.PostAsJsonAsync(ProbeFeature.Path, new { text = theirs });
        Assert.That(first.StatusCode, Is.EqualTo(HttpStatusCode.Created), "it is free here");

        using var taken = await doctor.PostAsJsonAsync(ProbeFeature.Path, new { text = theirs });
        using var control = await TakenByNobodyElseAsync(doctor);
        await taken.ShouldBeAsync(ProbeFeature.Taken);
        await taken.ShouldBeIndistinguishableFromAsync(control);
        Assert.That(await taken.Content.ReadAsStringAsync(), Does.Not.Contain(theirs).And.Not.Contains(own.Id.ToString()));
    }

    [Test]
    public async Task The_exception_names_the_index_and_no_value()
    {
        var refusal = await RefusalAsync(
            new Probe { Id = Guid.CreateVersion7(), Text = "mine" }, new Probe { Id = Guid.CreateVersion7(), Text = "mine" });
        ShouldNameNoValue(refusal, "ix_probes_tenant_id_text", "mine");
    }

    [Test]
    public async Task Nor_does_that_of_a_taken_id()
    {
        var id = Guid.CreateVersion7();
        await using (var work = TenantWork.Of(App.Api, own.Id))
        {
            work.Db.Add(new Probe { Id = id, Text = "first" });
            await work.Db.SaveChangesAsync();
        }

        ShouldNameNoValue(await RefusalAsync(new Probe { Id = id, Text = "second" }), "pk_probes", $"{id}");
    }

    private static async Task<HttpResponseMessage> TakenByNobodyElseAsync(HttpClient doctor)
    {
        using var first = await doctor.PostAsJsonAsync(ProbeFeature.Path, new { text = "known to one" });
        return await doctor.PostAsJsonAsync(ProbeFeature.Path, new { text = "known to one" });
    }

    private static void ShouldNameNoValue(PostgresException refusal, string index, string value) => Assert.Multiple(() =>
    {
        Assert.That(refusal.SqlState, Is.EqualTo(PostgresErrorCodes.UniqueViolation));
        Assert.That(refusal.ConstraintName, Is.EqualTo(index));
        Assert.That(refusal.ToString(), Does.Not.Contain(value).And.Not.Contains("(tenant_id"));
    });

    private async Task<PostgresException> RefusalAsync(params Probe[] probes)
    {
        await using var work = TenantWork.Of(App.Api, own.Id);
        work.Db.AddRange(probes);
        return (PostgresException)Assert.ThrowsAsync<DbUpdateException>(() => work.Db.SaveChangesAsync())!.InnerException!;
    }
}
