namespace HipaaTemplate.Tests.Compliance;

/// <summary>What <c>./test</c> asks for by environment: compliance.json, and the page beside its logs. Nobody else gets either.</summary>
internal static class ComplianceFile
{
    public static void Write()
    {
        if (Environment.GetEnvironmentVariable("COMPLIANCE_FILE") is not { Length: > 0 } file)
        {
            return;
        }

        var report = ComplianceReport.Of(
            new TestRun(
                TimeProvider.System.GetUtcNow(),
                Environment.GetEnvironmentVariable("COMPLIANCE_COMMIT") is { Length: > 0 } commit ? commit : "unknown",
                Environment.GetEnvironmentVariable("COMPLIANCE_TESTS") ?? ""),
            Safeguards.All,
            MarkedTests.All,
            RecordedResultsAttribute.Results);
        File.WriteAllText(file, report.ToJson());
        File.WriteAllText(Path.Combine(Directory.CreateDirectory(Repository.PathOf(".dev")).FullName, "HIPAA_READINESS.md"), ReadinessPage.Of(report));
    }
}
