namespace HipaaTemplate.Platform.Commands;

/// <summary>Verifies, exports and seals the audit trail.</summary>
internal sealed class AuditCommand(AuditExports exports) : ICommand
{
    public string Name => "audit";

    public string Summary => "verify, export, prove and seal the audit trail";

    public IReadOnlyList<string> Usage => [.. AuditVerify.Usage, .. AuditExports.Usage];

    public Task<int> RunAsync(IReadOnlyList<string> arguments, CancellationToken ct) =>
        (AuditVerify.Find(arguments) ?? exports.Find(arguments)) is { } run ? run(ct) : throw new UsageException("audit needs one of its forms.");
}
