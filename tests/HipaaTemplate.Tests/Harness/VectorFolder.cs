using System.Diagnostics;

namespace HipaaTemplate.Tests.Harness;

/// <summary>Test data that others published, which stands beside the repository.</summary>
internal static class VectorFolder
{
    /// <returns>The folder; where there is none the test ends here and says what it did not do.</returns>
    public static string Of(string set, int cases)
    {
        if (Repository.Vectors(set) is { } folder)
        {
            return folder;
        }

        var message = $"The vectors {set} are absent: {cases} cases of {TestContext.CurrentContext.Test.Name} are skipped.";
        TestContext.Progress.WriteLine(message);
        Assert.Ignore(message);
        throw new UnreachableException();
    }
}
