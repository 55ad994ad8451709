using System.Text.RegularExpressions;
using HipaaTemplate.Platform.Commands;
using HipaaTemplate.Platform.Settings;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Conventions;

/// <summary>Every setting is written down where people look for it, and nothing else is.</summary>
internal sealed partial class SettingsTests
{
    private static IEnumerable<SettingsClass> Classes => App.Api.Services.GetServices<SettingsClass>();

    private static List<string> Names =>
        [.. Classes.SelectMany(c => SettingsBinder.SettingsOf(c.Type)).Select(s => s.Setting.Name)];

    [Test]
    public void The_page_is_what_the_verb_prints() => Assert.That(
        SourceTree.Read("docs/CONFIGURATION.md"),
        Is.EqualTo(DocsCommand.Configuration(Classes)),
        "Write it: HipaaTemplate.Api docs configuration > docs/CONFIGURATION.md");

    [Test]
    public void The_example_has_each_setting_once_with_a_comment_above()
    {
        var lines = SourceTree.Read(".env.example").Split('\n');
        var settings = lines.Index().Where(line => SettingPattern().IsMatch(line.Item)).ToList();
        Assert.That(
            settings.Select(line => SettingPattern().Match(line.Item).Groups["name"].Value),
            Is.EquivalentTo(Names));
        Assert.That(
            settings.Where(line => !HasComment(lines, line.Index)).Select(line => line.Item),
            Is.Empty, "say what it is for");
    }

    [Test]
    public void A_name_is_bound_once_and_has_a_meaning() => Assert.Multiple(() =>
    {
        Assert.That(Names, Is.Unique.And.Not.Empty);
        Assert.That(Names, Has.All.Match("^[A-Z][A-Z0-9_]+$"));
        Assert.That(
            Classes.SelectMany(c => SettingsBinder.SettingsOf(c.Type)).Select(s => s.Setting.Meaning),
            Has.All.EndsWith("."));
    });

    /// <summary>A comment, or another setting that shares one.</summary>
    private static bool HasComment(string[] lines, int at) =>
        lines[at - 1].StartsWith('#') && (!SettingPattern().IsMatch(lines[at - 1]) || HasComment(lines, at - 1));

    [GeneratedRegex("^#?(?<name>[A-Z][A-Z0-9_]+)=", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex SettingPattern();
}
