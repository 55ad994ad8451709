using HipaaTemplate.Features.AuditTrail;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Authorization;

namespace HipaaTemplate.Tests.Features.AuditTrail;

/// <summary>Who may read the trail, for the access matrix.</summary>
internal sealed class AuditTrailAccess : IAccessExpectations
{
    private static readonly string[] Reviewers = [Roles.Auditor, Roles.Admin];

    public IEnumerable<AccessExpectation> Expectations =>
    [
        new("GET /api/v1/audit/events", 200, Reviewers),
        new($"GET /api/v1{AuditTrailFeature.AccessLogOf.Replace(":guid", "", StringComparison.Ordinal)}", 200, Reviewers) { TakesAnyId = true },
        // None of the matrix's tokens names a patient.
        new("GET /api/v1/me/access-log", 403, [Roles.Patient]) { Failure = AuditErrors.NoPatientClaim },
    ];
}
