using System.Diagnostics;

namespace HipaaTemplate.Tests.Harness;

/// <summary>Waits for what happens in the background: as short as it takes, and not for ever.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    public static async Task IsTrueAsync(Func<Task<bool>> condition, string otherwise)
    {
        var clock = Stopwatch.StartNew();
        while (!await condition())
        {
            if (clock.Elapsed > Patience)
            {
                Assert.Fail(otherwise);
            }

            await Task.Delay(Pause);
        }
    }
}
