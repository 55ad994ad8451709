using System.Security.Cryptography;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Auditing.Log;
using HipaaTemplate.Platform.Auditing.Verification;

namespace HipaaTemplate.Tests.Platform.Auditing.Verification;

/// <summary>
/// What somebody with all rights in the database can try, who has neither the MAC key nor the signing key nor
/// write access to the anchors.
/// </summary>
[Hipaa(Citations.AuditControls)]
internal sealed class AttackTests
{
    private Scene scene = null!;

    [SetUp]
    public void Set() => scene = new Scene();

    [TearDown]
    public void Dispose() => scene.Dispose();

    [Test]
    public async Task A_sealed_row_is_edited()
    {
        var report = await FoundAsync(log => log.Events[14] = log.Events[14] with { Entry = log.Events[14].Entry with { Actor = "somebody else" } });
        Assert.That(report.Findings.FirstBadLeaf, Is.EqualTo(14));
    }

    [Test]
    public async Task A_sealed_row_is_deleted_and_the_others_renumbered()
    {
        var report = await FoundAsync(log => log.Events.RemoveAt(14));
        Assert.That(report.Findings.Texts, Has.Some.Contains("is missing").And.Some.Contains("sealed events have not the root"));
    }

    [Test]
    public Task Two_sealed_rows_are_swapped() =>
        FoundAsync(log => (log.Events[14], log.Events[15]) = (log.Events[15], log.Events[14]));

    [Test]
    public async Task The_log_is_cut_below_an_anchor_with_an_older_head_that_was_signed()
    {
        var lines = BundleOf(scene.Beginning, 2, scene.Trail.Note("10:02:00", 3));
        await Verifiers.ShouldBeAsync(Verdict.Clean, new Evidence(lines, scene.Keys));
        await Verifiers.ShouldBeAsync(
            Verdict.Tampered, new Evidence(lines, scene.Keys, scene.Trail.Anchors), "the anchors had 33 events of this log");
    }

    [Test]
    public async Task A_row_that_is_not_sealed_yet_is_deleted()
    {
        scene.Log.Add(8);
        var lines = scene.Bundle();
        await Verifiers.ShouldBeAsync(Verdict.Incomplete, scene.Given(lines));
        lines.RemoveAt(36);
        var report = await Verifiers.ShouldBeAsync(Verdict.Tampered, scene.Given(lines));
        Assert.That(report.Findings.Texts[0], Does.Contain("is missing"));
    }

    [Test]
    public async Task An_event_is_forged_without_the_MAC_key()
    {
        scene.Log.Add(3);
        var last = scene.Log.Events[^1].Entry;
        var forged = last with { Id = Guid.CreateVersion7(), Number = last.Number + 1, Void = [] };
        scene.Log.Events.Add(new SyntheticEvent(forged, AuditEncoding.Mac(RandomNumberGenerator.GetBytes(32), AuditEncoding.Encode(forged))));
        var report = await Verifiers.ShouldBeAsync(Verdict.Tampered, scene.Given(scene.Bundle()));
        Assert.That(report.Findings.FirstBadLeaf, Is.EqualTo(36));
        // Not sealed and without the key there is nothing to hold it to: what the format promises is that it is not proven.
        await Verifiers.ShouldBeAsync(Verdict.Incomplete, new Evidence(scene.Bundle(), scene.PublicKey, scene.Trail.Anchors));
    }

    [Test]
    public async Task The_last_rows_that_are_not_sealed_are_deleted()
    {
        // No row that is left says that there were more, and nobody outside the database has been told of them: a
        // bundle alone cannot show it. What the format promises is an end to that at the next seal: from then on a
        // head, and soon an anchor, has them.
        scene.Log.Add(4);
        var cut = scene.Bundle();
        cut.RemoveRange(34, 4);
        await Verifiers.ShouldBeAsync(Verdict.Clean, scene.Given(cut));

        scene.Trail.Seal(scene.Log);
        scene.Trail.Anchor("10:03:20");
        await Verifiers.ShouldBeAsync(Verdict.Tampered, scene.Given(cut), "the anchors had 37 events of this log");
        var head = scene.Trail.HeadOf(scene.Log, "10:03:25");
        await Verifiers.ShouldBeAsync(
            Verdict.Tampered, new Evidence([.. cut.SkipLast(1), head], scene.Keys), "sealed events have not the root that was signed of 37");
    }

    [Test]
    public async Task An_old_backup_is_restored()
    {
        var lines = BundleOf(scene.Beginning, 2, scene.Trail.Note("10:02:00", 3));
        lines[0] = SyntheticTrail.First(scene.Log, "11:00:00", "log");
        await Verifiers.ShouldBeAsync(
            Verdict.Tampered, new Evidence(lines, scene.Keys, scene.Trail.Anchors), "the anchors had 33 events of this log at 2026-11-28T10:03:00Z");
    }

    [Test]
    public async Task A_copy_went_another_way_and_the_anchors_are_of_the_other()
    {
        // The sealer of the copy signs with the same key: both histories are genuine by themselves.
        var copy = scene.Beginning;
        copy.Add(8);
        scene.Trail.Heads.RemoveRange(3, 2);
        var original = new SortedDictionary<string, string>(scene.Trail.Anchors);
        scene.Trail.Seal(copy);
        scene.Trail.Seal(scene.Other);
        List<string> lines =
        [
            SyntheticTrail.First(copy, Scene.ExportedAt, "log"), .. copy.Events.Select((written, leaf) => SyntheticLog.Line(written, leaf)),
            scene.Trail.Head(scene.Trail.Heads[3], 3, scene.Trail.Note("10:03:00")),
        ];
        await Verifiers.ShouldBeAsync(Verdict.Clean, new Evidence(lines, scene.Keys));
        var report = await Verifiers.ShouldBeAsync(Verdict.Tampered, new Evidence(lines, scene.Keys, original));
        Assert.That(report.Findings.Texts, Has.Some.Contains("another root of the first 33 events").And.Some.Contains("another root of the first 5 heads"));
        Assert.That(report.Lines(), Has.Some.EqualTo("  the first bad leaf lies between 25 and 32"));
    }

    [Test]
    public async Task A_checkpoint_is_signed_anew_by_a_key_that_was_not_given()
    {
        using var attacker = new SyntheticTrail();
        var fork = scene.Log.Fork();
        fork.Events.RemoveAt(32);
        attacker.Seal(fork);
        await Verifiers.ShouldBeAsync(
            Verdict.Tampered, new Evidence(attacker.Bundle(fork, Scene.ExportedAt), scene.Keys), "not signed by a key that was given");
    }

    [Test]
    public async Task The_log_of_a_tenant_is_removed()
    {
        var lines = new[] { scene.Bundle()[0] };
        await Verifiers.ShouldBeAsync(Verdict.Clean, new Evidence(lines, scene.Keys));
        await Verifiers.ShouldBeAsync(Verdict.Tampered, scene.Given(lines), "events of this log");
    }

    [Test]
    public async Task The_key_in_the_keys_file_is_another_of_the_same_name()
    {
        using var attacker = new SyntheticTrail();
        var report = await Verifiers.ShouldBeAsync(Verdict.Tampered, new Evidence(scene.Bundle(), attacker.Keys(scene.Log), scene.Trail.Anchors));
        Assert.That(report.Findings.Texts, Has.Some.Contains("the heads are not signed by a key that was given"));
        Assert.That(report.Findings.Texts.Count(text => text.Contains("anchor 0", StringComparison.Ordinal)), Is.EqualTo(3));
    }

    private List<string> BundleOf(SyntheticLog log, int index, string note)
    {
        using var cut = new SyntheticTrail();
        cut.Heads.AddRange(scene.Trail.Heads[..(index + 1)]);
        return
        [
            SyntheticTrail.First(log, Scene.ExportedAt, "log"), .. log.Events.Select((written, leaf) => SyntheticLog.Line(written, leaf)),
            cut.Head(cut.Heads[index], index, note),
        ];
    }

    /// <summary>With the genuine head and renumbered, with and without the MAC key, with and without anchors.</summary>
    private async Task<VerificationReport> FoundAsync(Action<SyntheticLog> attack)
    {
        var log = scene.Log.Fork();
        attack(log);
        List<string> lines =
            [scene.Bundle()[0], .. log.Events.Select((written, leaf) => SyntheticLog.Line(written, leaf)), scene.Bundle()[^1]];
        await Verifiers.ShouldBeAsync(Verdict.Tampered, new Evidence(lines, scene.PublicKey));
        await Verifiers.ShouldBeAsync(Verdict.Tampered, scene.Given(lines));
        return await Verifiers.ShouldBeAsync(Verdict.Tampered, new Evidence(lines, scene.Keys));
    }
}
