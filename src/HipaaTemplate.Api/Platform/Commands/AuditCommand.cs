namespace HipaaTemplate.Platform.Commands;

/// <summary>Works with the audit trail.</summary>
internal sealed class AuditCommand : ICommand
{
    public string Name => "audit";

    public string Summary => "verify the audit trail";

    public IReadOnlyList<string> Usage => [.. AuditVerify.Usage];

    public Task<int> RunAsync(IReadOnlyList<string> arguments, CancellationToken ct) =>
        AuditVerify.Find(arguments) is { } run ? run(ct) : throw new UsageException("audit needs one of its forms.");
}
