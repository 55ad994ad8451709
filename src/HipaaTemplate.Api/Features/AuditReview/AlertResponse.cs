using System.ComponentModel;
using HipaaTemplate.Platform.Auditing.Alerts;

namespace HipaaTemplate.Features.AuditReview;

/// <summary>One alert. The events themselves are in the trail, from the first to the last of this subject.</summary>
internal sealed record AlertResponse(
    Guid Id,
    AlertRule Rule,
    [property: Description("The user's id, as the trail's `actor`.")] string Subject,
    DateTimeOffset RaisedAt,
    Guid FirstEventId,
    DateTimeOffset FirstAt,
    Guid LastEventId,
    DateTimeOffset LastAt,
    int Events,
    int PatientCount,
    [property: Description("At most 100 of them.")] IReadOnlyList<Guid> Patients,
    DateTimeOffset? SignedOffAt,
    Guid? ReviewerId,
    AlertConclusion? Conclusion)
{
    public static AlertResponse From(AuditAlert alert) => new(
        alert.Id,
        alert.Rule,
        alert.Subject,
        alert.RaisedAt,
        alert.FirstEventId,
        alert.FirstAt,
        alert.LastEventId,
        alert.LastAt,
        alert.Events,
        alert.PatientCount,
        alert.Patients,
        alert.SignedOffAt,
        alert.ReviewerId,
        alert.Conclusion);
}
