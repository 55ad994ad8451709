using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using HipaaTemplate.Platform;
using HipaaTemplate.Platform.Authorization;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Errors;
using HipaaTemplate.Platform.Http;
using HipaaTemplate.Platform.OpenApi;
using HipaaTemplate.Platform.Protection;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Tests.Harness;

/// <summary>A forker's table: it says nothing about isolation.</summary>
[NotPhi("a probe")]
internal sealed class Probe : ITenantScoped
{
    public TenantId TenantId { get; private set; }

    public Guid Id { get; init; }

    public required string Text { get; set; }

    public List<ProbeNote> Notes { get; } = [];
}

/// <summary>A forker's second table, which refers to the first.</summary>
[NotPhi("a probe")]
internal sealed class ProbeNote : ITenantScoped
{
    public TenantId TenantId { get; private set; }

    public Guid Id { get; init; }

    public Guid ProbeId { get; init; }

    public Probe? Probe { get; init; }

    public string? Text { get; init; }

    public DateTimeOffset? DeletedAt { get; init; }
}

/// <summary>
/// A feature that exists only in the test host, so that Platform's tests need no real one. Its table
/// is made from the model by the migrations SQL generator, as a fork's would be.
/// </summary>
internal sealed class ProbeFeature : IFeature
{
    public const string Path = "/api/v1/probes";

    public static readonly Error NotFound = new("PRB_001", 404, "Probe not found.", "Check the id.");

    public static readonly Error Taken = new("PRB_002", 409, "The text is taken.", "Choose another.");

    public IEnumerable<Error> Errors => [NotFound, Taken];

    public IJsonTypeInfoResolver Json => ProbeJson.Default;

    public void MapEntities(ModelBuilder model)
    {
        SealedProbes.Map(model);
        model.Entity<Probe>(probe =>
        {
            probe.ToTable("probes");
            probe.HasIndex(p => p.Text).IsUnique();
        });
        model.Entity<ProbeNote>(note =>
        {
            note.ToTable("probe_notes");
            note.HasOne(n => n.Probe).WithMany(p => p.Notes).HasForeignKey(n => new { n.TenantId, n.ProbeId });
            note.HasIndex(n => n.Text).HasOperators("text_pattern_ops");
            note.HasQueryFilter(Filters.SoftDelete, n => n.DeletedAt == null);
        });
    }

    public void MapEndpoints(IEndpointRouteBuilder api)
    {
        var probes = api.MapGroup("/probes").WithTags("Probes");
        probes.MapPost("/", CreateAsync).WithSummary("Store a probe")
            .RequireAuthorization(Policies.WriteRecords).Fails(Taken);
        probes.MapGet("/", ListAsync).WithSummary("List probes")
            .RequireAuthorization(Policies.ReadRecords).Fails();
        probes.MapGet("/{id:guid}", GetAsync).WithSummary("Read a probe")
            .RequireAuthorization(Policies.ReadRecords).Fails(NotFound);
        probes.MapPut("/{id:guid}", ReplaceAsync).WithSummary("Replace a probe")
            .RequireAuthorization(Policies.WriteRecords).Fails(NotFound);
        probes.MapDelete("/{id:guid}", DeleteAsync).WithSummary("Delete a probe")
            .RequireAuthorization(Policies.DeleteRecords).Fails(NotFound);
        probes.MapPost("/throw", Throw).WithSummary("Fail with an exception that quotes its input")
            .RequireAuthorization(Policies.ReadRecords).Fails();
        ProbePages.Map(probes);
        probes.MapGet("/slow", SlowAsync).WithSummary("Take longer than any request may")
            .RequireAuthorization(Policies.ReadRecords).Fails();
    }

    private static async Task<IResult> CreateAsync(ProbeBody body, AppDbContext db, CancellationToken ct)
    {
        var probe = new Probe { Id = Guid.CreateVersion7(), Text = body.Text };
        db.Add(probe);
        return await db.TrySaveUniqueAsync(ct)
            ? TypedResults.Created($"{Path}/{probe.Id}", new ProbeAnswer(probe.Id, probe.Text))
            : Taken.ToResult();
    }

    private static async Task<IResult> ListAsync(AppDbContext db, CancellationToken ct) => TypedResults.Ok(
        await db.Set<Probe>().OrderBy(p => p.Id).Select(p => new ProbeAnswer(p.Id, p.Text)).ToListAsync(ct));

    private static async Task<IResult> GetAsync(Guid id, AppDbContext db, CancellationToken ct) =>
        await db.Set<Probe>().SingleOrDefaultAsync(p => p.Id == id, ct) is { } probe
            ? TypedResults.Ok(new ProbeAnswer(probe.Id, probe.Text))
            : NotFound.ToResult();

    private static async Task<IResult> ReplaceAsync(
        Guid id, ProbeBody body, AppDbContext db, CancellationToken ct)
    {
        if (await db.Set<Probe>().SingleOrDefaultAsync(p => p.Id == id, ct) is not { } probe)
        {
            return NotFound.ToResult();
        }

        probe.Text = body.Text;
        await db.SaveChangesAsync(ct);
        return TypedResults.Ok(new ProbeAnswer(probe.Id, probe.Text));
    }

    private static async Task<IResult> DeleteAsync(Guid id, AppDbContext db, CancellationToken ct) =>
        await db.Set<Probe>().Where(p => p.Id == id).ExecuteDeleteAsync(ct) == 1
            ? TypedResults.NoContent()
            : NotFound.ToResult();

    private static IResult Throw(ProbeBody body) => throw new InvalidOperationException($"quoted: {body.Text}");

    private static async Task<IResult> SlowAsync(SlowProbes slow, CancellationToken ct)
    {
        slow.Begun.Release();
        await Task.Delay(Timeout.InfiniteTimeSpan, ct);
        return TypedResults.NoContent();
    }
}

/// <summary>Tells a test, for each slow request, that it has reached its handler.</summary>
internal sealed class SlowProbes : IDisposable
{
    public SemaphoreSlim Begun { get; } = new(0);

    public void Dispose() => Begun.Dispose();
}

internal sealed record ProbeBody([property: Text(ProbeBody.MaximumText)] string Text)
{
    public const int MaximumText = 1000;
}

internal sealed record ProbeAnswer(Guid Id, string Text);

[JsonSerializable(typeof(ProbeBody))]
[JsonSerializable(typeof(List<ProbeAnswer>))]
[JsonSerializable(typeof(ProbePage))]
internal sealed partial class ProbeJson : JsonSerializerContext;
