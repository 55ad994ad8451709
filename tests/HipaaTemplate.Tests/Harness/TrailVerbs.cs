using System.Globalization;

namespace HipaaTemplate.Tests.Harness;

/// <summary>The trail as an operator and an auditor get at it.</summary>
internal static class TrailVerbs
{
    /// <summary>All that is stored is sealed and verifies.</summary>
    /// <param name="settings">Of the API.</param>
    /// <param name="clinic">Whose log.</param>
    /// <param name="began">Before its first event.</param>
    /// <param name="anchors">The directory of them, if they are looked at too.</param>
    public static async Task ShouldBeCleanAsync(
        IReadOnlyDictionary<string, string> settings, Clinic clinic, DateTimeOffset began, string? anchors = null)
    {
        var folder = Directory.CreateTempSubdirectory("hipaa-template-trail");
        try
        {
            await Horizon.PassesAsync(settings["DATABASE_URL"]);
            await RunAsync("audit", "seal", "once");
            foreach (var month in new[] { began, TimeProvider.System.GetUtcNow() }.Select(at => at.ToString("yyyy-MM", CultureInfo.InvariantCulture)).Distinct())
            {
                var (bundle, keys) = (Path.Combine(folder.FullName, $"{month}.ndjson"), Path.Combine(folder.FullName, $"{month}.keys"));
                await File.WriteAllTextAsync(bundle, await RunAsync("audit", "export", "--tenant", clinic.Slug, "--month", month));
                await File.WriteAllTextAsync(keys, await RunAsync("audit", "keys", "--tenant", clinic.Slug, "--month", month));
                string[] verify = ["audit", "verify", "--bundle", bundle, "--keys", keys];
                Assert.That(await RunAsync(anchors is null ? verify : [.. verify, "--anchors", anchors]), Does.StartWith("clean"));
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        async Task<string> RunAsync(params string[] verb)
        {
            var result = await ApiProcess.RunAsync(settings, verb);
            Assert.That(result.ExitCode, Is.Zero, $"{string.Join(' ', verb)}: {result.Output}{result.Errors}");
            return result.Output;
        }
    }
}
