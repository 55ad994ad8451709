using BenchmarkDotNet.Running;

namespace HipaaTemplate.Benchmarks;

/// <summary>Without a word, the servers of <c>tools/load walls</c>; with "tokens" or "phi", a table of what checking a token, or sealing and revealing a value, costs.</summary>
internal static class Program
{
    public static async Task<int> Main(string[] arguments)
    {
        switch (arguments)
        {
            case []:
                await WallCost.ServeAsync();
                return 0;
            case ["tokens", .. var options]:
                BenchmarkRunner.Run<TokenCost>(args: options);
                return 0;
            case ["phi", .. var options]:
                BenchmarkRunner.Run<PhiCost>(args: options);
                return 0;
            default:
                await Console.Error.WriteLineAsync("benchmarks: nothing, tokens or phi");
                return 2;
        }
    }
}
