namespace HipaaTemplate.Platform.Commands;

/// <summary>Looks after the keys that patients' data is sealed under.</summary>
internal sealed class KeysCommand(KeysUpkeep upkeep, KeysErasure erasure, KeysHolds holds) : ICommand
{
    public string Name => "keys";

    public string Summary => "show, replace, rewrap and destroy the keys that seal patients' data";

    public IReadOnlyList<string> Usage => [.. KeysUpkeep.Usage, .. KeysErasure.Usage, .. KeysHolds.Usage];

    public Task<int> RunAsync(IReadOnlyList<string> arguments, CancellationToken ct) =>
        (upkeep.Find(arguments) ?? erasure.Find(arguments) ?? holds.Find(arguments)) is { } run ? run(ct) : throw new UsageException("keys needs one of its forms.");
}
