using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Tests.Platform.Auditing.Export;

/// <summary>Events that nothing wrote.</summary>
internal static class Events
{
    public static AuditEntry New(string action, string outcome, string actorType) => new()
    {
        Tenant = TenantId.From(Guid.CreateVersion7()),
        Id = Guid.CreateVersion7(),
        At = new DateTimeOffset(2026, 11, 28, 10, 15, 0, TimeSpan.Zero).AddMicroseconds(123_456),
        Writer = Guid.CreateVersion7(),
        Number = 7,
        Action = action,
        Outcome = outcome,
        ActorType = actorType,
        Actor = actorType == "unknown" ? null : Guid.CreateVersion7().ToString(),
        Address = actorType == "system" ? null : "192.0.2.1",
        Purpose = actorType == "user" ? "TREAT" : null,
        Endpoint = "GET /api/v1/probes/{id}",
        Request = "0HNA1B2C3D4E5:00000001",
        KeyVersion = 1,
    };
}
