using System.Globalization;
using BenchmarkDotNet.Running;

namespace HipaaTemplate.Benchmarks;

/// <summary>
/// Without a word, the servers of <c>tools/load walls</c>; with "audit", those of <c>tools/load audit</c>; with "tokens" or "phi", a table of what checking a token,
/// or sealing and revealing a value, costs; with "rotate", one of what is noticed of a rotation; with "audit-verify",
/// how fast a bundle of the audit trail is verified.
/// </summary>
internal static class Program
{
    public static async Task<int> Main(string[] arguments)
    {
        switch (arguments)
        {
            case []:
                await WallCost.ServeAsync();
                return 0;
            case ["audit", var folder, var tenants]:
                await AuditCost.ServeAsync(folder, int.Parse(tenants, CultureInfo.InvariantCulture));
                return 0;
            case ["tokens", .. var options]:
                BenchmarkRunner.Run<TokenCost>(args: options);
                return 0;
            case ["phi", .. var options]:
                BenchmarkRunner.Run<PhiCost>(args: options);
                return 0;
            case ["rotate", var binary, var seconds]:
                return await RotationCost.RunAsync(binary, int.Parse(seconds, CultureInfo.InvariantCulture)) ? 0 : 1;
            case ["audit-verify"]:
                return await VerificationCost.RunAsync(1_000_000) ? 0 : 1;
            case ["audit-verify", var events]:
                return await VerificationCost.RunAsync(int.Parse(events, CultureInfo.InvariantCulture)) ? 0 : 1;
            default:
                await Console.Error.WriteLineAsync("benchmarks: nothing, audit FOLDER TENANTS, tokens, phi, rotate BINARY SECONDS, or audit-verify [EVENTS]");
                return 2;
        }
    }
}
