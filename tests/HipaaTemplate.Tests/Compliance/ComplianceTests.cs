using System.Reflection;
using System.Text.Json;

namespace HipaaTemplate.Tests.Compliance;

/// <summary>A report says no more than its run has shown.</summary>
[Hipaa(Citations.Evaluation)]
internal sealed class ComplianceTests
{
    private const string Page = "docs/HIPAA_READINESS.md";
    private const string Test = "HipaaTemplate.Tests.Some.FixtureTests.It_works";
    private const string Other = "HipaaTemplate.Tests.Some.FixtureTests.It_works_too";

    private static readonly Safeguard Built = new("1", Demand.Required, "something") { Control = "built" };
    private static readonly TestRun Whole = new(DateTimeOffset.UnixEpoch, "0123456", "");

    private static readonly IReadOnlyList<string> Known = [.. typeof(Citations).GetFields().Select(field => (string)field.GetValue(null)!)];

    [Test]
    public void A_safeguard_whose_tests_passed_is_met() =>
        Assert.That(StandingOf(Built, Results((Test, 3, 0), (Other, 1, 0)), [Test, Other]), Is.EqualTo(Standing.Met));

    [Test]
    public void One_without_a_test_is_a_gap() =>
        Assert.That(StandingOf(Built, Results((Test, 1, 0)), []), Is.EqualTo(Standing.Gap));

    [Test]
    public void One_whose_test_failed_once_is_not_met() =>
        Assert.That(StandingOf(Built, Results((Test, 9, 1), (Other, 1, 0)), [Test, Other]), Is.EqualTo(Standing.NotMet));

    [Test]
    public void One_whose_test_did_not_run_is_a_gap_of_a_whole_run_and_not_run_in_another()
    {
        var results = Results((Test, 1, 0));
        Assert.Multiple(() =>
        {
            Assert.That(StandingOf(Built, results, [Test, Other]), Is.EqualTo(Standing.Gap));
            Assert.That(StandingOf(Built, results, [Test, Other], Whole with { Filter = "Some" }), Is.EqualTo(Standing.NotRun));
            Assert.That(StandingOf(Built, Results((Test, 0, 0)), [Test]), Is.EqualTo(Standing.Gap), "skipped");
        });
    }

    [Test]
    public void One_of_which_something_is_missing_is_met_in_part() =>
        Assert.That(StandingOf(Built with { Missing = "the rest" }, Results((Test, 1, 0)), [Test]), Is.EqualTo(Standing.Partly));

    [Test]
    public void One_that_nothing_does_is_a_gap_whatever_passes() =>
        Assert.That(StandingOf(Built with { Control = null, Missing = "all of it" }, Results((Test, 1, 0)), [Test]), Is.EqualTo(Standing.Gap));

    [Test]
    public void One_that_no_software_does_is_the_organisations() =>
        Assert.That(StandingOf(Built with { Control = null, Yours = "all of it" }, Results(), []), Is.EqualTo(Standing.Organisational));

    [Test]
    public void The_file_has_every_safeguard_with_its_tests_and_says_of_what_it_is()
    {
        var json = JsonSerializer.Deserialize<JsonElement>(Report(Built, Results((Test, 2, 1)), [Test], Whole with { Filter = "Some" }).ToJson());
        var one = json.GetProperty("safeguards")[0];
        Assert.Multiple(() =>
        {
            Assert.That(json.GetProperty("summary").GetString(), Is.EqualTo("0 met, 0 partly, 0 gap, 1 not met, 0 not run, 0 organisational"));
            Assert.That(json.GetProperty("commit").GetString(), Is.EqualTo("0123456"));
            Assert.That(json.GetProperty("tests").GetString(), Does.Contain("Some"));
            Assert.That(one.GetProperty("status").GetString(), Is.EqualTo("not met"));
            Assert.That(one.GetProperty("tests")[0].GetProperty("name").GetString(), Is.EqualTo(Test));
            Assert.That(one.GetProperty("tests")[0].GetProperty("failed").GetInt32(), Is.EqualTo(1));
        });
    }

    [Test]
    public void Every_citation_has_one_row_and_every_row_a_citation() =>
        Assert.That(Safeguards.All.Select(safeguard => safeguard.Citation), Is.EqualTo(Known));

    [Test]
    public void Every_mark_names_a_safeguard_that_has_a_control()
    {
        var controlled = Safeguards.All.Where(safeguard => safeguard.Control is not null).Select(safeguard => safeguard.Citation);
        Assert.That(MarkedTests.All.Select(pair => pair.Citation).Distinct().Except(controlled), Is.Empty);
    }

    [Test]
    public void Every_control_is_shown_by_a_test() => Assert.That(
        Safeguards.All.Where(safeguard => safeguard.Control is not null).Select(safeguard => safeguard.Citation).Except(MarkedTests.All.Select(pair => pair.Citation)), Is.Empty);

    [Test]
    public void Every_row_says_what_is_done_or_missing_or_left_to_people() => Assert.That(
        Safeguards.All.Where(safeguard => safeguard is { Control: null, Missing: null, Yours: null }), Is.Empty);

    [Test]
    public void A_mark_is_a_property_that_a_filter_finds()
    {
        var properties = TestContext.CurrentContext.Test.AllPropertyValues(HipaaAttribute.Name);
        Assert.That(properties, Does.Contain(Citations.Evaluation));
    }

    [Test]
    public void Every_test_that_is_marked_is_one_that_NUnit_runs_by_this_name()
    {
        var (type, method) = (typeof(ComplianceTests).FullName, MethodBase.GetCurrentMethod()!.Name);
        Assert.Multiple(() =>
        {
            Assert.That(MarkedTests.All, Does.Contain(($"{type}.{method}", Citations.Evaluation)));
            Assert.That((TestContext.CurrentContext.Test.ClassName, TestContext.CurrentContext.Test.MethodName), Is.EqualTo((type, method)));
        });
    }

    [Test]
    public void The_page_is_what_a_run_writes_but_for_its_results()
    {
        var page = ReadinessPage.Of(ComplianceReport.Of(Whole, Safeguards.All, MarkedTests.All, Results()));
        Assert.That(ReadinessPage.Comparable(SourceTree.Read(Page)), Is.EqualTo(ReadinessPage.Comparable(page)), $"./test, then cp .dev/HIPAA_READINESS.md {Page}");
    }

    [Test]
    public void Results_are_all_that_the_comparison_leaves_out()
    {
        string Written(TestOutcomes outcomes, string control) => ReadinessPage.Of(Report(Built with { Control = control }, Results((Test, outcomes.Passed, outcomes.Failed)), [Test]));
        Assert.Multiple(() =>
        {
            Assert.That(Written(new(1, 0), "built"), Is.Not.EqualTo(Written(new(0, 1), "built")));
            Assert.That(ReadinessPage.Comparable(Written(new(1, 0), "built")), Is.EqualTo(ReadinessPage.Comparable(Written(new(0, 1), "built"))));
            Assert.That(ReadinessPage.Comparable(Written(new(1, 0), "built")), Is.Not.EqualTo(ReadinessPage.Comparable(Written(new(1, 0), "different"))));
            Assert.That(ReadinessPage.Comparable(Written(new(1, 0), "built")), Does.Contain("`Some/FixtureTests`"));
        });
    }

    private static Standing StandingOf(Safeguard safeguard, IReadOnlyDictionary<string, TestOutcomes> results, string[] tests, TestRun? run = null) =>
        Report(safeguard, results, tests, run).Findings.Single().Standing;

    private static ComplianceReport Report(Safeguard safeguard, IReadOnlyDictionary<string, TestOutcomes> results, string[] tests, TestRun? run = null) =>
        ComplianceReport.Of(run ?? Whole, [safeguard], [.. tests.Select(test => (test, safeguard.Citation))], results);

    private static Dictionary<string, TestOutcomes> Results(params (string Test, int Passed, int Failed)[] results) =>
        results.ToDictionary(one => one.Test, one => new TestOutcomes(one.Passed, one.Failed));
}
