using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Auditing.Alerts.Rules;

/// <summary>Of the platform's log alone: a tenant's has no such event.</summary>
internal sealed class RefusedSignInsRule(IOptions<AlertSettings> settings) : IAlertRule
{
    private static readonly string RefuseSignIn = AuditAction.RefuseSignIn.Word();

    public IEnumerable<Finding> Look(SeenEvents events) => RefusalsRule.Repeated(
        AlertRule.RefusedSignIns, events, settings.Value.RefusedSignIns, one => one.Action == RefuseSignIn ? one.Address : null);
}
