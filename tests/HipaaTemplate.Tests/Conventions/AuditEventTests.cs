using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Commands;

namespace HipaaTemplate.Tests.Conventions;

/// <summary>What the trail may hold stands in a page.</summary>
internal sealed class AuditEventTests
{
    private const string Page = "docs/AUDIT_EVENTS.md";

    [Test]
    public void The_page_is_what_the_verb_prints() => Assert.That(
        SourceTree.Read(Page), Is.EqualTo(DocsCommand.AuditEvents()), $"Write it: HipaaTemplate.Api docs audit > {Page}");

    [Test]
    public void Every_word_is_one_word_and_has_a_meaning([Values] AuditAction action) => Assert.Multiple(() =>
    {
        Assert.That(action.Word(), Does.Match("^[a-z]+(_[a-z]+)*$"));
        Assert.That(action.Meaning(), Does.EndWith("."));
    });
}
