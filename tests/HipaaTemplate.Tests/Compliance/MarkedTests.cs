using System.Collections.Concurrent;
using System.Reflection;
using NUnit.Framework.Interfaces;

[assembly: HipaaTemplate.Tests.Compliance.RecordedResults]

namespace HipaaTemplate.Tests.Compliance;

/// <summary>Which tests are marked with which safeguard, from the assembly.</summary>
internal static class MarkedTests
{
    /// <summary>A fixture's full name and its method's, and the safeguards of both.</summary>
    public static IReadOnlyList<(string Test, string Citation)> All { get; } =
    [
        .. from type in typeof(MarkedTests).Assembly.GetTypes()
           where !type.IsAbstract
           from method in type.GetMethods()
           where method.GetCustomAttributes().Any(attribute => attribute is ITestBuilder or ISimpleTestBuilder)
           from mark in type.GetCustomAttributes<HipaaAttribute>().Concat(method.GetCustomAttributes<HipaaAttribute>())
           select ($"{type.FullName}.{method.Name}", mark.Citation) into pair
           orderby pair.Item1
           select pair,
    ];
}

/// <summary>How often the cases of a test passed and failed.</summary>
internal sealed record TestOutcomes(int Passed, int Failed);

/// <summary>
/// Notes the outcome of every test of this run. One that was skipped, or that its fixture's set-up kept from running, has none: it
/// counts as not run.
/// </summary>
[AttributeUsage(AttributeTargets.Assembly)]
internal sealed class RecordedResultsAttribute : Attribute, ITestAction
{
    private static readonly ConcurrentDictionary<string, TestOutcomes> Noted = new();

    public static IReadOnlyDictionary<string, TestOutcomes> Results => Noted;

    public ActionTargets Targets => ActionTargets.Test;

    public void BeforeTest(ITest test)
    {
    }

    public void AfterTest(ITest test)
    {
        var one = TestContext.CurrentContext.Result.Outcome.Status switch
        {
            TestStatus.Passed or TestStatus.Warning => new TestOutcomes(1, 0),
            TestStatus.Failed => new TestOutcomes(0, 1),
            _ => new TestOutcomes(0, 0),
        };
        Noted.AddOrUpdate($"{test.ClassName}.{test.MethodName}", one, (_, sum) => new TestOutcomes(sum.Passed + one.Passed, sum.Failed + one.Failed));
    }
}
