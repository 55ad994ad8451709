using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using HipaaTemplate.Platform;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Authorization;
using HipaaTemplate.Platform.Errors;
using HipaaTemplate.Platform.OpenApi;

namespace HipaaTemplate.Features.AuditReview;

/// <summary>The queue of alerts that somebody has to sign off, and the list of patients whose every use is one.</summary>
internal sealed class AuditReviewFeature : IFeature
{
    public IEnumerable<Error> Errors => Error.AllIn(typeof(AuditReviewErrors));

    public IJsonTypeInfoResolver Json => AuditReviewJson.Default;

    public void MapEndpoints(IEndpointRouteBuilder api)
    {
        var alerts = api.MapGroup("/audit/alerts").WithTags("Audit review").RequireAuthorization(Policies.ReviewAuditTrail);
        alerts.MapGet("/", ListAlerts.Handle)
            .WithSummary("List alerts, newest first")
            .Produces<ListAlerts.Response>()
            .AuditedAs(AuditAction.ReviewAlerts)
            .Fails(RequestErrors.Invalid, RequestErrors.InvalidCursor);
        alerts.MapGet("/{id:guid}", GetAlert.Handle)
            .WithSummary("Read one alert")
            .Produces<AlertResponse>()
            .AuditedAs(AuditAction.ReviewAlerts)
            .Fails(AuditReviewErrors.AlertNotFound);
        alerts.MapPost("/{id:guid}/sign-off", SignOffAlert.Handle)
            .WithSummary("Say what an alert was; wants If-Match")
            .Produces<AlertResponse>()
            .Fails(AuditReviewErrors.AlertNotFound, AuditReviewErrors.AboutOneself, AuditReviewErrors.SignedOffAlready,
                RequestErrors.PreconditionRequired, RequestErrors.PreconditionFailed);

        var patients = api.MapGroup("/audit/watched-patients").WithTags("Audit review").RequireAuthorization(Policies.ReviewAuditTrail);
        patients.MapGet("/", ListWatchedPatients.Handle)
            .WithSummary("List the patients whose every use raises an alert")
            .Produces<ListWatchedPatients.Response>()
            .AuditedAs(AuditAction.ReviewAlerts)
            .Fails(RequestErrors.Invalid, RequestErrors.InvalidCursor);
        patients.MapPut("/{id:guid}", WatchPatient.Handle)
            .WithSummary("Watch a patient; it may be watched already")
            .Produces(StatusCodes.Status204NoContent)
            .Fails();
        patients.MapDelete("/{id:guid}", UnwatchPatient.Handle)
            .WithSummary("Watch a patient no more")
            .Produces(StatusCodes.Status204NoContent)
            .Fails(AuditReviewErrors.NotWatched);
    }
}

[JsonSerializable(typeof(AlertResponse))]
[JsonSerializable(typeof(ListAlerts.Response), TypeInfoPropertyName = "AlertsPage")]
[JsonSerializable(typeof(SignOffAlert.Request), TypeInfoPropertyName = "SignOffRequest")]
[JsonSerializable(typeof(ListWatchedPatients.Response), TypeInfoPropertyName = "WatchedPatientsPage")]
internal sealed partial class AuditReviewJson : JsonSerializerContext;
