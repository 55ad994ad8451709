using System.Collections.Concurrent;
using HipaaTemplate.Platform.Secrets;

namespace HipaaTemplate.Tests.Platform.Secrets;

/// <summary>A secret service inside the test, for what the API makes of its answers; the real ones speak HTTP in their own tests.</summary>
internal sealed class SettingsService : ISecretSource
{
    private volatile string? failure;
    private int questions;

    public string Name => "The service";

    public ConcurrentDictionary<string, string> Settings { get; } = new(StringComparer.Ordinal);

    public int Questions => Volatile.Read(ref questions);

    /// <summary>It answers only when a test lets it.</summary>
    public TaskCompletionSource? Pause { get; set; }

    /// <param name="reason">Null: it works.</param>
    public void FailWith(string? reason) => failure = reason;

    public async Task<IReadOnlyDictionary<string, string>> LoadAsync(CancellationToken ct)
    {
        Interlocked.Increment(ref questions);
        await (Pause?.Task ?? Task.CompletedTask);
        return failure is null
            ? new Dictionary<string, string>(Settings, StringComparer.Ordinal)
            : throw new SecretSourceException(failure);
    }
}
