using System.Security.Cryptography;
using HipaaTemplate.Platform.Auditing.Log;
using HipaaTemplate.Platform.Auditing.Verification;

namespace HipaaTemplate.Tests.Platform.Auditing.Verification;

/// <summary>Each line of the second table of docs/explanation/audit-format.md, broken alone.</summary>
internal sealed class AnchorTests
{
    private const string First = "00000000000000000002.ndjson";
    private const string Second = "00000000000000000003.ndjson";
    private const string Third = "00000000000000000005.ndjson";

    private Scene scene = null!;
    private SortedDictionary<string, string> anchors = null!;

    [SetUp]
    public void Set()
    {
        scene = new Scene();
        anchors = scene.Trail.Anchors;
        Assert.That(anchors.Keys, Is.EqualTo(new[] { First, Second, Third }));
    }

    [TearDown]
    public void Dispose() => scene.Dispose();

    [Test]
    public async Task An_anchor_that_no_given_key_signed_is_tampered()
    {
        using var stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var text = new Checkpoint($"{scene.Trail.Name}/heads", 5, new byte[32], "time 2026-11-28T10:03:00Z").Format();
        anchors[Third] = SyntheticTrail.AnchorLine(3, scene.Trail.Heads[3..], scene.Trail.Signed(text, by: stranger));
        var report = await ShouldBeAsync(Verdict.Tampered);
        Assert.That(report.Findings.Texts[0], Is.EqualTo($"tampered: anchor {Third} is not signed by a key that was given"));
    }

    [Test]
    public async Task An_anchor_that_is_missing_leaves_a_hole()
    {
        anchors.Remove(Second);
        await ShouldBeAsync(Verdict.Incomplete, "heads 2 to 2 are in no anchor");
        anchors.Remove(First);
        await ShouldBeAsync(Verdict.Incomplete, "heads 0 to 2 are in no anchor");
    }

    [Test]
    public async Task Behind_a_hole_a_checkpoint_of_the_log_still_counts()
    {
        anchors.Remove(First);
        var fork = scene.Log.Fork();
        fork.Events[12] = scene.Log.Sign(fork.Events[12].Entry with { Action = "record.changed" });
        await Verifiers.ShouldBeAsync(Verdict.Tampered, new Evidence(BundleOf(fork), scene.Keys, anchors));
    }

    [Test]
    public async Task An_anchor_that_begins_before_the_last_one_ended_is_tampered()
    {
        anchors[Second] = SyntheticTrail.AnchorLine(1, scene.Trail.Heads[1..3], scene.Trail.Note("10:02:00", 3));
        await ShouldBeAsync(Verdict.Tampered, $"anchor {Second} begins at 1");
    }

    [Test]
    public async Task An_anchor_of_other_heads_than_it_signs_is_tampered()
    {
        anchors[Second] = SyntheticTrail.AnchorLine(2, [scene.Trail.Heads[4]], scene.Trail.Note("10:02:00", 3));
        var report = await ShouldBeAsync(Verdict.Tampered);
        Assert.That(report.Findings.Texts, Is.EqualTo(new[]
        {
            $"tampered: anchor {Second} signs another root than its heads and those before it have",
            $"tampered: anchor {Third} signs another root than its heads and those before it have",
        }));
    }

    [Test]
    public async Task An_anchor_of_more_or_fewer_heads_than_it_says_is_tampered()
    {
        foreach (var heads in new[] { scene.Trail.Heads[3..4], [.. scene.Trail.Heads[3..], scene.Trail.Heads[0]] })
        {
            anchors[Third] = SyntheticTrail.AnchorLine(3, heads, scene.Trail.Note("10:03:00", 5));
            Assert.That((await ShouldBeAsync(Verdict.Tampered)).Findings.Texts[0], Does.Contain("not as many heads as it says"));
        }
    }

    [Test]
    public async Task An_anchor_under_another_name_is_tampered_and_any_other_file_is_none()
    {
        anchors["README"] = anchors["5.ndjson"] = anchors[$"{Third}.tmp"] = "nothing";
        await ShouldBeAsync(Verdict.Clean);
        anchors["00000000000000000006.ndjson"] = anchors[Third];
        anchors.Remove(Third);
        Assert.That((await ShouldBeAsync(Verdict.Tampered)).Findings.Texts[0], Does.Contain("not as many heads as it says"));
    }

    [TestCase("\"from\":3", "\"from\":\"3\"")]
    [TestCase("\"type\":\"anchor\"", "\"type\":\"head\"")]
    [TestCase("\\n33\\n", "\\n33\\n\\n")]
    [TestCase("\"heads\":[", "\"heads\":[[],")]
    [TestCase("\"heads\":[", "\n\"heads\":[")]
    [TestCase("}", "}\n{}")]
    [TestCase("}", "} ")]
    [TestCase("}\n", "}")]
    [TestCase("}\n", "}\n\n")]
    [TestCase("}\n", "}\r\n")]
    [TestCase("{", "\uFEFF{")]
    [TestCase("\"from\":3", "\"from\":3.0")]
    [TestCase("\"from\":3", "\"from\":3,\"from\":3")]
    [TestCase("\\n33\\n", "\\u000a33\\n")]
    [TestCase("}", "")]
    public async Task An_anchor_that_is_not_of_the_format_is_tampered(string from, string to)
    {
        Assert.That(anchors[Third], Does.Contain(from));
        anchors[Third] = anchors[Third].Replace(from, to, StringComparison.Ordinal);
        Assert.That((await ShouldBeAsync(Verdict.Tampered)).Findings.Texts[0], Does.Contain($"anchor {Third} is not of this format"));
    }

    [Test]
    public async Task Anchors_of_another_trail_are_tampered()
    {
        using var other = new SyntheticTrail("other.example");
        other.Seal(scene.Other);
        other.Anchor("10:03:00");
        var keys = $"{scene.Keys}{other.Signer.Key.Format()}\n";
        var report = await Verifiers.ShouldBeAsync(Verdict.Tampered, new Evidence(scene.Bundle(), keys, other.Anchors));
        Assert.That(report.Findings.Texts, Has.Some.Contains("the anchors are of another trail than the bundle"));

        foreach (var (name, content) in scene.Trail.Anchors)
        {
            other.Anchors[name] = content;
        }

        report = await Verifiers.ShouldBeAsync(Verdict.Tampered, new Evidence(scene.Bundle(), keys, other.Anchors));
        Assert.That(report.Findings.Texts, Has.Some.Contains("is of another trail"));
    }

    [Test]
    public async Task A_head_of_another_trail_in_an_anchor_is_tampered()
    {
        using var own = new SyntheticTrail();
        own.Heads.Add(scene.Log.Checkpoint("other.example", 33));
        own.Anchor("10:03:00");
        var lines = new[] { SyntheticTrail.First(scene.Log, "10:02:00", "log") };
        var report = await Verifiers.ShouldBeAsync(Verdict.Tampered, new Evidence(lines, own.Keys(), own.Anchors));
        Assert.That(report.Findings.Texts[0], Does.Contain("is of another trail"));
    }

    [Test]
    public async Task A_checkpoint_that_the_events_had_not_is_tampered_and_narrows_the_leaf_down()
    {
        var fork = scene.Log.Fork();
        fork.Events[12] = scene.Log.Sign(fork.Events[12].Entry with { Action = "record.changed" });
        var report = await Verifiers.ShouldBeAsync(Verdict.Tampered, new Evidence(BundleOf(fork), scene.Keys, anchors));
        Assert.That(report.Findings.Texts, Has.Some.EqualTo("tampered: the anchors have another root of the first 25 events"));
        Assert.That(report.Findings.FirstBadLeaf, Is.Null);
        Assert.That(report.Lines(), Has.Some.EqualTo("  the first bad leaf lies between 10 and 24"));
    }

    [Test]
    public async Task Anchors_that_had_more_of_the_log_before_the_export_are_tampered()
    {
        var older = scene.Trail.Bundle(scene.Log, "10:03:30");
        scene.Log.Add(2);
        scene.Trail.Seal(scene.Log);
        scene.Trail.Anchor("10:03:20");
        await Verifiers.ShouldBeAsync(Verdict.Tampered, new Evidence(older, scene.Keys, anchors), "the anchors had 35 events of this log");
    }

    [Test]
    public async Task Anchors_that_had_more_of_other_logs_only_or_no_earlier_than_the_export_are_clean()
    {
        var older = scene.Trail.Bundle(scene.Log, "10:03:30");
        scene.Other.Add(2);
        scene.Trail.Seal(scene.Other);
        scene.Trail.Anchor("10:03:20");
        await Verifiers.ShouldBeAsync(Verdict.Clean, new Evidence(older, scene.Keys, anchors));
        scene.Log.Add(2);
        scene.Trail.Seal(scene.Log);
        scene.Trail.Anchor("10:03:30");
        await Verifiers.ShouldBeAsync(Verdict.Clean, new Evidence(older, scene.Keys, anchors));
    }

    [Test]
    public async Task Anchors_older_than_the_bundle_are_incomplete()
    {
        anchors.Remove(Third);
        await ShouldBeAsync(Verdict.Incomplete, "no anchor is as new as the bundle");
        anchors.Clear();
        await ShouldBeAsync(Verdict.Incomplete, "no anchor is as new as the bundle");
    }

    [Test]
    public async Task An_anchor_of_as_many_heads_with_another_root_is_tampered()
    {
        using var fork = Forked(scene.Trail.Heads[..4], SyntheticTrail.NewLog());
        await Verifiers.ShouldBeAsync(
            Verdict.Tampered, new Evidence(BundleBy(fork), fork.Keys(scene.Log), fork.Anchors), "an anchor has another root of the first 5 heads");
    }

    [Test]
    public async Task Something_else_at_the_bundles_place_in_the_heads_is_tampered()
    {
        // The anchors hold more heads than the bundle's note, so no root can be compared; and none of them is of this log.
        using var fork = Forked(scene.Trail.Heads[..3], SyntheticTrail.NewLog(), SyntheticTrail.NewLog(), SyntheticTrail.NewLog());
        await Verifiers.ShouldBeAsync(
            Verdict.Tampered, new Evidence(BundleBy(fork), fork.Keys(scene.Log), fork.Anchors), "the anchors have something else at head 3");
    }

    /// <summary>A trail that went another way, anchored at its end.</summary>
    private static SyntheticTrail Forked(IEnumerable<string> beginning, params SyntheticLog[] others)
    {
        var fork = new SyntheticTrail();
        fork.Heads.AddRange(beginning);
        foreach (var log in others)
        {
            log.Add(1);
            fork.Seal(log);
        }

        fork.Anchor("10:04:00");
        return fork;
    }

    /// <summary>The bundle with its genuine heads, signed by the key of the fork.</summary>
    private List<string> BundleBy(SyntheticTrail fork)
    {
        var text = scene.Trail.Note("10:02:59");
        var note = fork.Signed(text[..(text.IndexOf("\n\n", StringComparison.Ordinal) + 1)]);
        return [.. scene.Bundle().SkipLast(1), scene.Trail.Head(scene.Trail.Heads[3], 3, note)];
    }

    private List<string> BundleOf(SyntheticLog fork) =>
    [
        scene.Bundle()[0], .. fork.Events.Select((written, leaf) => SyntheticLog.Line(written, leaf)), scene.Bundle()[^1],
    ];

    private Task<VerificationReport> ShouldBeAsync(Verdict verdict, string? finding = null) =>
        Verifiers.ShouldBeAsync(verdict, scene.Given(scene.Bundle()), finding);
}
