using HipaaTemplate.Features.AuditReview;
using HipaaTemplate.Platform.Auditing.Alerts;
using HipaaTemplate.Platform.Authorization;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Tests.Features.AuditReview;

/// <summary>Who may look through alerts and sign them off, for the access matrix.</summary>
internal sealed class AuditReviewAccess : IAccessExpectations
{
    private static readonly string[] Reviewers = [Roles.Auditor, Roles.Admin];

    private static readonly Collection Alerts = new("/api/v1/audit/alerts", _ => new { }) { Store = StoreAlertAsync };

    private static readonly Collection Patients = new("/api/v1/audit/watched-patients", _ => new { }) { Store = StorePatientAsync };

    public IEnumerable<AccessExpectation> Expectations =>
    [
        new("GET /api/v1/audit/alerts", 200, Reviewers) { Rows = Alerts },
        new("GET /api/v1/audit/alerts/{id}", 200, Reviewers) { Rows = Alerts, Absent = AuditReviewErrors.AlertNotFound },
        new("POST /api/v1/audit/alerts/{id}/sign-off", 200, Reviewers)
        {
            Rows = Alerts, Absent = AuditReviewErrors.AlertNotFound, Body = _ => new { conclusion = "legitimate" }, IfMatch = "*",
        },
        new("GET /api/v1/audit/watched-patients", 200, Reviewers) { Rows = Patients },
        new("PUT /api/v1/audit/watched-patients/{id}", 204, Reviewers) { TakesAnyId = true },
        new("DELETE /api/v1/audit/watched-patients/{id}", 204, Reviewers) { Rows = Patients, Absent = AuditReviewErrors.NotWatched },
    ];

    /// <summary>As the rules raise one; nobody can by a request.</summary>
    public static async Task<AuditAlert> NewAlertAsync(ApiHost api, TenantId tenant, string subject)
    {
        var now = TimeProvider.System.GetUtcNow();
        var alert = new AuditAlert
        {
            Id = Guid.CreateVersion7(),
            Rule = AlertRule.Emergency,
            Subject = subject,
            RaisedAt = now,
            FirstEventId = Guid.CreateVersion7(),
            FirstAt = now,
            LastEventId = Guid.CreateVersion7(),
            LastAt = now,
            Events = 1,
            PatientCount = 1,
            Patients = [Guid.CreateVersion7()],
        };
        await using var work = TenantWork.Of(api, tenant);
        work.Db.Add(alert);
        await work.Db.SaveChangesAsync();
        return alert;
    }

    private static async Task<Guid> StoreAlertAsync(ApiHost api, TenantId tenant) =>
        (await NewAlertAsync(api, tenant, $"{Guid.CreateVersion7()}")).Id;

    private static async Task<Guid> StorePatientAsync(ApiHost api, TenantId tenant)
    {
        var patient = new WatchedPatient { Id = Guid.CreateVersion7(), AddedBy = Guid.CreateVersion7(), AddedAt = TimeProvider.System.GetUtcNow() };
        await using var work = TenantWork.Of(api, tenant);
        work.Db.Add(patient);
        await work.Db.SaveChangesAsync();
        return patient.Id;
    }
}
