using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Auditing.Log;
using HipaaTemplate.Platform.Auditing.Verification;

namespace HipaaTemplate.Tests.Platform.Auditing.Verification;

/// <summary>Each line of the first table of docs/explanation/audit-format.md, broken alone.</summary>
internal sealed class SealTests
{
    private Scene scene = null!;

    [SetUp]
    public void Set() => scene = new Scene();

    [TearDown]
    public void Dispose() => scene.Dispose();

    [Test]
    public async Task What_nobody_touched_is_clean()
    {
        var report = await Verifiers.ShouldBeAsync(Verdict.Clean, scene.Given(scene.Bundle()));
        Assert.That(
            (report.Events!.Count, report.Events.Sealed, report.Events.LastLeaf, report.Events.MacsChecked, report.Events.MacsWithoutKey),
            Is.EqualTo((33, 33, 32, 33, 0)));
        Assert.That((report.Head!.Note.Size, report.Anchors!.Anchors.Count), Is.EqualTo((5, 3)));
        Assert.That(report.Lines(), Has.Some.Contains("tenant " + scene.Log.Tenant).And.Some.Contains("sealed up to leaf 32"));
        await Verifiers.ShouldBeAsync(Verdict.Clean, new Evidence(scene.Bundle(), scene.PublicKey));
    }

    [Test]
    public async Task A_log_without_events_and_the_platforms_own_log_are_clean()
    {
        await Verifiers.ShouldBeAsync(Verdict.Clean, new Evidence([scene.Bundle()[0]], scene.Keys));
        var platform = new SyntheticLog(AuditEntry.Platform, "2026-11");
        platform.Add(4);
        scene.Trail.Seal(platform);
        await Verifiers.ShouldBeAsync(Verdict.Clean, new Evidence(scene.Trail.Bundle(platform, "10:04:00"), scene.Trail.Keys(platform)));
    }

    [Test]
    public async Task Any_number_of_events_up_to_fifty_is_clean_and_only_with_its_own_root()
    {
        var log = SyntheticTrail.NewLog();
        for (var count = 1; count <= 50; count++)
        {
            log.Add(1);
            scene.Trail.Seal(log);
            var lines = scene.Trail.Bundle(log, "10:04:00");
            await Verifiers.ShouldBeAsync(Verdict.Clean, new Evidence(lines, scene.PublicKey));
            lines.RemoveAt(lines.Count - 2);
            await Verifiers.ShouldBeAsync(Verdict.Tampered, new Evidence(lines, scene.PublicKey), "sealed events have not the root");
        }
    }

    [Test]
    public async Task MACs_without_their_key_are_counted_and_not_checked()
    {
        var keys = string.Join('\n', scene.Keys.Split('\n').Where(line => !line.Contains(" 2026-11 1 ", StringComparison.Ordinal)));
        var report = await Verifiers.ShouldBeAsync(Verdict.Clean, new Evidence(scene.Bundle(), keys));
        Assert.That((report.Events!.MacsChecked, report.Events.MacsWithoutKey), Is.EqualTo((28, 5)));
    }

    [Test]
    public async Task An_event_of_another_tenant_or_month_is_named()
    {
        var genuine = scene.Log.Events[7].Entry;
        foreach (var other in new[] { genuine with { Tenant = scene.Other.Tenant }, genuine with { At = DateTimeOffset.Parse("2026-12-01T00:00:00Z") } })
        {
            await ShouldNameAsync(Changed(scene.Log, 7, _ => scene.Log.Sign(other)), 7, "another tenant or month");
        }
    }

    [Test]
    public async Task An_id_that_is_there_twice_is_named()
    {
        var log = Changed(scene.Log, 20, written => scene.Log.Sign(written.Entry with { Id = scene.Log.Events[3].Entry.Id }));
        await ShouldNameAsync(log, 20, "is there twice");
    }

    [Test]
    public async Task A_MAC_that_is_not_of_the_event_is_named()
    {
        var log = Changed(scene.Log, 20, written => written with { Mac = scene.Log.Events[3].Mac });
        await ShouldNameAsync(log, 20, "MAC is not that");
    }

    [Test]
    public async Task A_number_that_is_there_twice_is_named()
    {
        var twice = scene.Log.Events[20].Entry.Number - 2;
        var log = Changed(scene.Log, 20, written => scene.Log.Sign(written.Entry with { Number = twice }));
        var report = await SealedAsync(log);
        Assert.That((report.Findings.Verdict, report.Findings.FirstBadLeaf), Is.EqualTo((Verdict.Tampered, 20)));
        Assert.That(report.Findings.Texts[0], Does.Contain($"number {twice} of writer"));
    }

    [Test]
    public async Task A_hole_in_the_numbers_is_found_and_a_void_one_is_none()
    {
        var first = scene.Log.Events[0].Entry.Writer;
        var numbers = scene.Log.Events.Where(written => written.Entry.Writer == first).Select(written => written.Entry.Number).ToList();
        Assert.That(numbers, Does.Not.Contain(SyntheticLog.MissingVoid).And.Contains(SyntheticLog.PresentVoid));

        var gone = scene.Log.Events.Find(written => written.Entry.Writer == first && written.Entry.Number == 5)!;
        await ShouldFindAsync(Without(scene.Log, gone), "number 5 of writer");
        var excused = scene.Log.Events.Find(written => written.Entry.Writer == first && written.Entry.Number == SyntheticLog.PresentVoid)!;
        Assert.That((await SealedAsync(Without(scene.Log, excused))).Findings.Verdict, Is.EqualTo(Verdict.Clean));
        var voids = scene.Log.Events.FindIndex(written => written.Entry.Void.Count > 0);
        await ShouldFindAsync(Changed(scene.Log, voids, written => scene.Log.Sign(written.Entry with { Void = [] })), "number 1 of writer");
    }

    [Test]
    public async Task A_void_number_outside_what_a_writer_wrote_neither_makes_a_hole_nor_fills_one()
    {
        var log = Changed(scene.Log, 20, written => scene.Log.Sign(written.Entry with { Void = [1_000, 1_001] }));
        Assert.That((await SealedAsync(log)).Findings.Verdict, Is.EqualTo(Verdict.Clean));
        var (writer, number) = (log.Events[20].Entry.Writer, log.Events[20].Entry.Number - 1);
        await ShouldFindAsync(
            Without(log, log.Events.Find(written => written.Entry.Writer == writer && written.Entry.Number == number)!), $"number {number} of writer");
    }

    [Test]
    public async Task A_writers_first_number_may_be_any_and_a_far_one_is_a_hole_that_is_found_at_once()
    {
        var log = Changed(scene.Log, 0, written => scene.Log.Sign(written.Entry with { Writer = Guid.CreateVersion7(), Number = JsonLine.LargestNumber }));
        Assert.That((await SealedAsync(log)).Findings.Texts, Has.None.Contains($"{JsonLine.LargestNumber}"));
        var last = Changed(scene.Log, 32, written => scene.Log.Sign(written.Entry with { Number = JsonLine.LargestNumber }));
        await ShouldFindAsync(last, "is missing");
    }

    [Test]
    public async Task Leaves_count_from_0_without_a_hole_and_before_what_is_not_sealed()
    {
        scene.Log.Add(3);
        var good = scene.Bundle();
        await Verifiers.ShouldBeAsync(Verdict.Incomplete, scene.Given(good), "3 of 36 events are not sealed");
        foreach (var (line, from, to) in new[] { (5, "\"leaf\":4", "\"leaf\":5"), (1, "\"leaf\":0", "\"leaf\":1"), (35, "\"leaf\":null", "\"leaf\":34") })
        {
            var lines = Replaced(good, line, from, to);
            var report = await Verifiers.ShouldBeAsync(Verdict.Tampered, new Evidence(lines, scene.Keys));
            Assert.That((report.Findings.FirstBadLeaf, report.Findings.Texts[0]), Is.EqualTo((line - 1, $"tampered: leaf {line - 1}: it is not the leaf that comes next")));
        }
    }

    [Test]
    public async Task Without_a_head_nothing_is_proven()
    {
        var lines = scene.Bundle();
        lines.RemoveAt(lines.Count - 1);
        await Verifiers.ShouldBeAsync(Verdict.Incomplete, new Evidence(lines, scene.Keys), "there is no head");
    }

    [Test]
    public async Task Events_that_are_all_unsealed_are_incomplete()
    {
        var log = SyntheticTrail.NewLog();
        log.Add(4);
        List<string> lines = [SyntheticTrail.First(log, "10:04:00", "log"), .. log.Events.Select(written => SyntheticLog.Line(written, null))];
        var report = await Verifiers.ShouldBeAsync(Verdict.Incomplete, new Evidence(lines, scene.Trail.Keys(log)));
        Assert.That(report.Findings.Count, Is.EqualTo(2));
        await Verifiers.ShouldBeAsync(
            Verdict.Tampered, new Evidence(Replaced(lines, 2, "GET", "PUT"), scene.Trail.Keys(log)));
    }

    [Test]
    public async Task A_note_that_no_given_key_signed_is_tampered()
    {
        using var stranger = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var text = Text(scene.Trail.Note("10:03:00"));
        const string Finding = "not signed by a key that was given";
        foreach (var note in new[]
        {
            scene.Trail.Signed(text, new LocalNoteSigner(scene.Trail.Name, stranger), stranger),
            scene.Trail.Signed(text, by: stranger),
            $"{scene.Trail.Signed(text)}{SyntheticTrail.Signature(text, scene.Trail.Signer, stranger)}\n",
            scene.Trail.Signed(text).Replace("10:03:00", "10:03:01", StringComparison.Ordinal),
        })
        {
            await Verifiers.ShouldBeAsync(Verdict.Tampered, new Evidence(WithNote(note), scene.Keys), Finding);
        }

        await Verifiers.ShouldBeAsync(
            Verdict.Tampered, new Evidence(scene.Bundle(), "# none\n"), Finding);
    }

    [Test]
    public async Task A_key_of_another_name_does_not_speak_for_the_trail()
    {
        using var witness = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var signer = new LocalNoteSigner("witness.example", witness);
        var text = Text(scene.Trail.Note("10:03:00"));
        var keys = $"{scene.Keys}{signer.Key.Format()}\n";
        await Verifiers.ShouldBeAsync(
            Verdict.Tampered, new Evidence(WithNote(scene.Trail.Signed(text, signer, witness)), keys), "not signed by a key that was given");
        var both = $"{scene.Trail.Signed(text)}{SyntheticTrail.Signature(text, signer, witness)}\n";
        await Verifiers.ShouldBeAsync(Verdict.Clean, new Evidence(WithNote(both), keys));
        await Verifiers.ShouldBeAsync(Verdict.Clean, new Evidence(WithNote(both), scene.Keys));
    }

    [Test]
    public async Task A_checkpoint_of_another_log_is_tampered()
    {
        const string Finding = "of another log, or of another trail";
        foreach (var origin in new[]
        {
            $"{scene.Trail.Name}/{scene.Other.Tenant}/2026-11", $"{scene.Trail.Name}/{scene.Log.Tenant}/2026-10",
            $"other.example/{scene.Log.Tenant}/2026-11", scene.Trail.Name,
        })
        {
            var checkpoint = new Checkpoint(origin, 33, MerkleProof.RootOf(scene.Log.LeafHashes(33))).Format();
            scene.Trail.Heads.Add(checkpoint);
            var head = scene.Trail.Head(checkpoint, scene.Trail.Heads.Count - 1, scene.Trail.Note("10:03:00"));
            await Verifiers.ShouldBeAsync(Verdict.Tampered, new Evidence([.. scene.Bundle().SkipLast(1), head], scene.Keys), Finding);
        }
    }

    [Test]
    public async Task A_checkpoint_that_is_not_in_the_heads_is_tampered()
    {
        var genuine = scene.Trail.Heads[3];
        var note = scene.Trail.Note("10:03:00");
        var made = new Checkpoint($"{scene.Trail.Name}/{scene.Log.Tenant}/2026-11", 33, MerkleProof.RootOf(scene.Log.LeafHashes(33))).Format();
        Assert.That(made, Is.EqualTo(genuine));
        foreach (var head in new[] { scene.Trail.Head(genuine, 2, note), scene.Trail.Head(genuine, 3, note).Replace("\"index\":3", "\"index\":5", StringComparison.Ordinal) })
        {
            await Verifiers.ShouldBeAsync(
                Verdict.Tampered, new Evidence([.. scene.Bundle().SkipLast(1), head], scene.Keys), "the checkpoint is not head");
        }
    }

    [Test]
    public async Task A_compressed_bundle_is_read_and_a_cut_one_is_never_clean()
    {
        var (bundle, keys, anchors) = Verifiers.Write(scene.Given(scene.Bundle()));
        var compressed = new MemoryStream();
        await using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest))
        {
            gzip.Write(await File.ReadAllBytesAsync(bundle));
        }

        var whole = compressed.ToArray();
        Assert.That(await VerifyAsync(whole), Is.Zero);
        Assert.That(await VerifyAsync(Encoding.UTF8.GetBytes("no gzip")), Is.EqualTo(1));
        // The framework reads a cut one as far as it goes, which the bundle's own lines give away.
        Assert.That(await VerifyAsync(whole[..(whole.Length / 2)]), Is.EqualTo(2));

        async Task<int> VerifyAsync(byte[] content)
        {
            await File.WriteAllBytesAsync($"{bundle}.gz", content);
            string[] verb = ["audit", "verify", "--bundle", $"{bundle}.gz", "--keys", keys, "--anchors", anchors!];
            return (await ApiProcess.RunAsync(new Dictionary<string, string>(), verb)).ExitCode;
        }
    }

    private static SyntheticLog Changed(SyntheticLog log, int leaf, Func<SyntheticEvent, SyntheticEvent> change)
    {
        var fork = log.Fork();
        fork.Events[leaf] = change(fork.Events[leaf]);
        return fork;
    }

    private static SyntheticLog Without(SyntheticLog log, SyntheticEvent gone)
    {
        var fork = log.Fork();
        fork.Events.Remove(gone);
        return fork;
    }

    private static List<string> Replaced(List<string> lines, int line, string from, string to)
    {
        var changed = lines.ToList();
        changed[line] = changed[line].Replace(from, to, StringComparison.Ordinal);
        Assert.That(changed[line], Is.Not.EqualTo(lines[line]));
        return changed;
    }

    private static string Text(string note) => note[..(note.IndexOf("\n\n", StringComparison.Ordinal) + 1)];

    private List<string> WithNote(string note) => [.. scene.Bundle().SkipLast(1), scene.Trail.Head(scene.Trail.Heads[3], 3, note)];

    /// <summary>Sealed as it is, so that nothing but the event is wrong.</summary>
    private async Task<VerificationReport> SealedAsync(SyntheticLog log)
    {
        scene.Trail.Seal(log);
        return await Verifiers.AgreeAsync(new Evidence(scene.Trail.Bundle(log, "10:04:00"), scene.Keys));
    }

    private async Task ShouldFindAsync(SyntheticLog log, string finding)
    {
        var report = await SealedAsync(log);
        Assert.That(report.Findings.Verdict, Is.EqualTo(Verdict.Tampered));
        Assert.That(report.Findings.Texts, Has.Count.EqualTo(1).And.All.Contains(finding));
    }

    private async Task ShouldNameAsync(SyntheticLog log, long leaf, string finding)
    {
        await ShouldFindAsync(log, finding);
        Assert.That((await SealedAsync(log)).Findings.FirstBadLeaf, Is.EqualTo(leaf));
    }
}
