namespace HipaaTemplate.Platform.Commands;

/// <summary>Looks after the keys that patients' data is sealed under.</summary>
internal sealed class KeysCommand(KeysErasure erasure, KeysHolds holds) : ICommand
{
    public string Name => "keys";

    public string Summary => "erase patients and tenants by destroying their keys";

    public IReadOnlyList<string> Usage => [.. KeysErasure.Usage, .. KeysHolds.Usage];

    public Task<int> RunAsync(IReadOnlyList<string> arguments, CancellationToken ct) =>
        (erasure.Find(arguments) ?? holds.Find(arguments)) is { } run ? run(ct) : throw new UsageException("keys needs one of its forms.");
}
