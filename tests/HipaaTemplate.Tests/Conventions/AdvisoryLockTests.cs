using System.Reflection;
using HipaaTemplate.Platform.Database;

namespace HipaaTemplate.Tests.Conventions;

/// <summary>Whoever takes an advisory lock takes it by name, and no two of them are one.</summary>
internal sealed class AdvisoryLockTests
{
    private static readonly IReadOnlyList<object?> Numbers =
        [.. typeof(AdvisoryLocks).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => field.GetRawConstantValue())];

    [Test]
    public void No_two_locks_are_one() => Assert.That(Numbers, Is.Unique.And.Not.Empty);

    [Test]
    public void No_file_but_theirs_has_a_number_of_its_own() => Assert.That(
        SourceTree.Product.Where(file => SourceTree.Read(file).Contains("4_711_", StringComparison.Ordinal)),
        Is.EqualTo(new[] { "src/HipaaTemplate.Api/Platform/Database/AdvisoryLocks.cs" }));
}
