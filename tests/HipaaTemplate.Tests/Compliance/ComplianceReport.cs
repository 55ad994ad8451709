using System.Text.Encodings.Web;
using System.Text.Json;

namespace HipaaTemplate.Tests.Compliance;

/// <summary>One run of the tests.</summary>
/// <param name="Date">When it ended.</param>
/// <param name="Commit">Of what.</param>
/// <param name="Filter">What the names had to contain; empty: all tests.</param>
internal sealed record TestRun(DateTimeOffset Date, string Commit, string Filter)
{
    public bool IsWhole => Filter.Length == 0;
}

internal enum Standing
{
    /// <summary>Every test of it passed, and nothing is known to be missing.</summary>
    Met,

    /// <summary>Every test of it passed, and part of it is not built.</summary>
    Partly,

    /// <summary>Nothing does it, or nothing shows that it is done.</summary>
    Gap,

    /// <summary>A test of it failed.</summary>
    NotMet,

    /// <summary>A run of some tests left some of its tests out.</summary>
    NotRun,

    /// <summary>No software does it.</summary>
    Organisational,
}

/// <summary>A test with how it ended.</summary>
internal sealed record ShownTest(string Test, int Passed, int Failed)
{
    public string Result => Failed > 0 ? "failed" : Passed > 0 ? "passed" : "not run";
}

internal sealed record SafeguardFinding(Safeguard Safeguard, Standing Standing, IReadOnlyList<ShownTest> Tests);

/// <summary>What a run says of each safeguard.</summary>
internal sealed record ComplianceReport(TestRun Run, IReadOnlyList<SafeguardFinding> Findings)
{
    private static readonly JsonSerializerOptions Options = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public string Summary => string.Join(", ", Enum.GetValues<Standing>().Select(standing => $"{Findings.Count(finding => finding.Standing == standing)} {Word(standing)}"));

    public static ComplianceReport Of(
        TestRun run, IEnumerable<Safeguard> safeguards, IReadOnlyList<(string Test, string Citation)> evidence, IReadOnlyDictionary<string, TestOutcomes> results) => new(
        run,
        [
            .. from safeguard in safeguards
               let tests = evidence.Where(pair => pair.Citation == safeguard.Citation).Select(pair => pair.Test).Distinct()
                   .Select(test => results.TryGetValue(test, out var sum) ? new ShownTest(test, sum.Passed, sum.Failed) : new ShownTest(test, 0, 0)).ToList()
               select new SafeguardFinding(safeguard, StandingOf(safeguard, tests, run.IsWhole), tests),
        ]);

    public static string Word(Standing standing) => JsonNamingPolicy.SnakeCaseLower.ConvertName(standing.ToString()).Replace('_', ' ');

    public string ToJson() => JsonSerializer.Serialize(
        new
        {
            summary = Summary,
            date = Run.Date.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", null),
            commit = Run.Commit,
            tests = Run.IsWhole ? "all" : $"those with {Run.Filter} in their name",
            note = "No software is HIPAA compliant by itself: what is organisational is in here by name only.",
            safeguards = Findings.Select(finding => new
            {
                citation = finding.Safeguard.Citation,
                demand = finding.Safeguard.Demand.ToString().ToLowerInvariant(),
                asks = finding.Safeguard.Asks,
                status = Word(finding.Standing),
                control = finding.Safeguard.Control,
                missing = finding.Safeguard.Missing,
                organisational = finding.Safeguard.Yours,
                tests = finding.Tests.Select(shown => new { name = shown.Test, result = shown.Result, passed = shown.Passed, failed = shown.Failed }),
            }),
        },
        Options) + "\n";

    private static Standing StandingOf(Safeguard safeguard, List<ShownTest> tests, bool isWhole)
    {
        if (tests.Exists(shown => shown.Failed > 0))
        {
            return Standing.NotMet;
        }

        if (safeguard is { Control: null, Missing: null })
        {
            return Standing.Organisational;
        }

        if (safeguard.Control is null || tests.Count == 0)
        {
            return Standing.Gap;
        }

        if (tests.Exists(shown => shown.Passed == 0))
        {
            return isWhole ? Standing.Gap : Standing.NotRun;
        }

        return safeguard.Missing is null ? Standing.Met : Standing.Partly;
    }
}
