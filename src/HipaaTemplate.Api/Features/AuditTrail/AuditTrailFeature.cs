using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using HipaaTemplate.Platform;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Authorization;
using HipaaTemplate.Platform.Errors;
using HipaaTemplate.Platform.OpenApi;

namespace HipaaTemplate.Features.AuditTrail;

/// <summary>Who opened and changed what, for auditors, administrators and the patient. Each of these reads is an event itself.</summary>
internal sealed class AuditTrailFeature : IFeature
{
    /// <summary>Beside the patient's record; features know each other's rows by id only.</summary>
    public const string AccessLogOf = "/patients/{id:guid}/access-log";

    public IJsonTypeInfoResolver Json => AuditTrailJson.Default;

    public void AddServices(IServiceCollection services) => services.AddScoped<TrailPages>();

    public void MapEndpoints(IEndpointRouteBuilder api)
    {
        var trail = api.MapGroup("").WithTags("Audit trail");
        trail.MapGet("/audit/events", ListEvents.Handle)
            .WithSummary("List events of the audit trail, newest first")
            .Produces<ListEvents.Response>()
            .RequireAuthorization(Policies.ReadAuditTrail)
            .AuditedAs(AuditAction.ReadAuditTrail)
            .Fails(RequestErrors.Invalid, RequestErrors.InvalidCursor, AuditErrors.EmptySpan);
        trail.MapGet(AccessLogOf, ListAccesses.Handle)
            .WithSummary("List who opened or changed a patient's record, newest first")
            .Produces<ListEvents.Response>()
            .RequireAuthorization(Policies.ReadAuditTrail)
            .AuditedAs(AuditAction.ReadAuditTrail)
            .Fails(RequestErrors.Invalid, RequestErrors.InvalidCursor);
        trail.MapGet("/me/access-log", ListOwnAccesses.Handle)
            .WithSummary("List who opened or changed one's own record, newest first")
            .Produces<ListOwnAccesses.Response>()
            .RequireAuthorization(Policies.ReadOwnAccessLog)
            .AuditedAs(AuditAction.ReadAuditTrail)
            .Fails(RequestErrors.Invalid, RequestErrors.InvalidCursor, AuditErrors.NoPatientClaim);
    }
}

[JsonSerializable(typeof(ListEvents.Response), TypeInfoPropertyName = "ListEventsResponse")]
[JsonSerializable(typeof(ListOwnAccesses.Response), TypeInfoPropertyName = "ListOwnAccessesResponse")]
internal sealed partial class AuditTrailJson : JsonSerializerContext;
