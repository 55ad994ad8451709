namespace HipaaTemplate.Platform.Commands;

/// <summary>Verifies, exports, seals, archives and destroys the audit trail.</summary>
internal sealed class AuditCommand(AuditExports exports, AuditSealing sealing, AuditRetention retention) : ICommand
{
    public string Name => "audit";

    public string Summary => "verify, export, seal, archive and destroy the audit trail";

    public IReadOnlyList<string> Usage => [.. AuditVerify.Usage, .. AuditExports.Usage, .. AuditSealing.Usage, .. AuditRetention.Usage];

    public Task<int> RunAsync(IReadOnlyList<string> arguments, CancellationToken ct) =>
        (AuditVerify.Find(arguments) ?? exports.Find(arguments) ?? sealing.Find(arguments) ?? retention.Find(arguments)) is { } run ? run(ct) : throw new UsageException("audit needs one of its forms.");
}
