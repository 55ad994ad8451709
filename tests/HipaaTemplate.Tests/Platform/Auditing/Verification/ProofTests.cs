using HipaaTemplate.Platform.Auditing.Verification;

namespace HipaaTemplate.Tests.Platform.Auditing.Verification;

/// <summary>One event by itself.</summary>
internal sealed class ProofTests
{
    private Scene scene = null!;

    [SetUp]
    public void Set() => scene = new Scene();

    [TearDown]
    public void Dispose() => scene.Dispose();

    [Test]
    public async Task Each_event_is_proven_with_and_without_the_MAC_key()
    {
        for (var leaf = 0; leaf < Scene.AllSealed; leaf++)
        {
            var report = await Verifiers.ShouldBeAsync(Verdict.Clean, scene.Given(scene.Trail.Proof(scene.Log, leaf)));
            Assert.That((report.Events!.LastLeaf, report.Events.MacsChecked), Is.EqualTo((leaf, 1)));
            await Verifiers.ShouldBeAsync(Verdict.Clean, new Evidence(scene.Trail.Proof(scene.Log, leaf), scene.PublicKey));
        }
    }

    [Test]
    public async Task No_event_is_proven_by_the_proof_of_another_or_in_another_place()
    {
        var (third, fourth) = (scene.Trail.Proof(scene.Log, 3), scene.Trail.Proof(scene.Log, 4));
        foreach (var lines in new[]
        {
            [third[0], third[1], fourth[2], third[3]], [third[0], fourth[1], third[2], third[3]],
            With(third, 1, SyntheticLog.Line(scene.Log.Events[3], 4)), With(third, 1, SyntheticLog.Line(scene.Log.Events[3], 33)),
            With(third, 2, "{\"type\":\"inclusion\",\"proof\":[]}"),
        })
        {
            var report = await Verifiers.ShouldBeAsync(Verdict.Tampered, new Evidence(lines, scene.Keys));
            Assert.That(report.Findings.Texts, Has.Count.EqualTo(1).And.All.Contains("of the log"));
        }
    }

    [Test]
    public async Task A_proof_has_all_its_lines_each_once_and_in_order()
    {
        var good = scene.Trail.Proof(scene.Log, 3);
        foreach (var lines in new[]
        {
            [good[0], good[2], good[3]], [good[0], good[1], good[3]], good[..3], [good[0]], [good[0], good[1], good[1], good[2], good[3]],
            [good[0], good[1], good[2], good[2], good[3]], [good[0], good[2], good[1], good[3]], [good[0], good[1], good[3], good[2]],
            With(good, 1, SyntheticLog.Line(scene.Log.Events[3], null)),
        })
        {
            await Verifiers.ShouldBeAsync(Verdict.Tampered, new Evidence(lines, scene.Keys));
        }
    }

    [Test]
    public async Task A_proof_of_another_tenant_with_another_MAC_or_head_is_tampered()
    {
        var good = scene.Trail.Proof(scene.Log, 3);
        var other = scene.Trail.Proof(scene.Other, 3);
        using var attacker = new Scene();
        await Verifiers.ShouldBeAsync(Verdict.Tampered, new Evidence(With(good, 0, other[0]), scene.PublicKey));
        await Verifiers.ShouldBeAsync(Verdict.Tampered, new Evidence(With(good, 3, other[3]), scene.Keys));
        await Verifiers.ShouldBeAsync(Verdict.Tampered, new Evidence(good, attacker.PublicKey), "not signed by a key that was given");
        var forged = scene.Log.Events[3] with { Mac = scene.Log.Events[4].Mac };
        var report = await Verifiers.ShouldBeAsync(Verdict.Tampered, new Evidence(With(good, 1, SyntheticLog.Line(forged, 3)), scene.Keys));
        Assert.That((report.Findings.FirstBadLeaf, report.Findings.Count), Is.EqualTo(((long?)null, 2)), "there is one event");
    }

    private static List<string> With(List<string> lines, int place, string line)
    {
        var changed = lines.ToList();
        changed[place] = line;
        return changed;
    }
}
