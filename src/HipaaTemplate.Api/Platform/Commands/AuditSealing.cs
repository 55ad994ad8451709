using HipaaTemplate.Platform.Auditing.Sealing;
using HipaaTemplate.Platform.Auditing.Sealing.Anchors;
using HipaaTemplate.Platform.Protection.Providers;

namespace HipaaTemplate.Platform.Commands;

/// <summary>The form of <c>audit</c> that seals, for deployments whose API does not.</summary>
internal sealed class AuditSealing(Sealer sealer, PartitionUpkeep partitions, Anchoring anchoring, AuditAnchors anchors, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public static IReadOnlyList<string> Usage { get; } =
    [
        "audit seal [once]                                 seals each second, for deployments whose API does not",
    ];

    /// <returns>Null when the words are none of its forms.</returns>
    public Func<CancellationToken, Task<int>>? Find(IReadOnlyList<string> arguments) => arguments switch
    {
        ["seal"] => SealAsync,
        ["seal", "once"] => SealOnceAsync,
        _ => null,
    };

    private async Task<int> SealOnceAsync(CancellationToken ct)
    {
        int? count;
        try
        {
            count = await sealer.SealAsync(ct);
            await partitions.ExtendAsync(ct);
            await anchors.WriteAsync(ct);
        }
        catch (KeyProviderException e)
        {
            throw new CommandException($"Not sealed: the key service failed ({e.Fault}): {e.Reason}.");
        }
        catch (AnchorPlaceException e)
        {
            throw new CommandException($"Sealed, but not anchored: {e.Message}.");
        }

        await Console.Out.WriteLineAsync(count is null ? "another process is sealing" : $"{count} events sealed");
        return ExitCode.Done;
    }

    private async Task<int> SealAsync(CancellationToken ct)
    {
        // Anchoring never ends; sealing does when it fails, and whoever started the process starts it again.
        await await Task.WhenAny(SealAllAsync(ct), anchoring.RunAsync(ct));
        return ExitCode.Done;
    }

    private async Task SealAllAsync(CancellationToken ct)
    {
        while (true)
        {
            await partitions.ExtendAsync(ct);
            if (await sealer.SealAsync(ct) is not Sealer.MostAtOnce)
            {
                await Task.Delay(Pause, time, ct);
            }
        }
    }
}
