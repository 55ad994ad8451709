using System.Reflection;

namespace HipaaTemplate.Tests.Platform.Tenancy.Pitfalls;

internal sealed class PitfallListTests
{
    private const int Pitfalls = 24;

    [Test]
    public void Every_pitfall_has_a_test()
    {
        var tested = from type in typeof(PitfallListTests).Assembly.GetTypes()
                     from method in type.GetMethods()
                     from pitfall in method.GetCustomAttributes<PitfallAttribute>()
                     where method.IsDefined(typeof(TestAttribute)) || method.IsDefined(typeof(TestCaseAttribute))
                     select pitfall.Number;
        Assert.That(tested.Distinct(), Is.EquivalentTo(Enumerable.Range(1, Pitfalls)));
    }
}
