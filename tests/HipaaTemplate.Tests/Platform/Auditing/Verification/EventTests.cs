using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Auditing.Verification;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Tests.Platform.Auditing.Verification;

/// <summary>Nothing of an event can be changed alone.</summary>
internal sealed class EventTests
{
    /// <summary>One that has something in every member.</summary>
    private const int Leaf = 15;

    private static readonly Dictionary<string, Func<AuditEntry, AuditEntry>> Changes = new()
    {
        [nameof(AuditEntry.Tenant)] = entry => entry with { Tenant = TenantId.From(Guid.CreateVersion7()) },
        [nameof(AuditEntry.Id)] = entry => entry with { Id = Guid.CreateVersion7() },
        [nameof(AuditEntry.At)] = entry => entry with { At = entry.At.AddMicroseconds(1) },
        [nameof(AuditEntry.Writer)] = entry => entry with { Writer = Guid.CreateVersion7() },
        [nameof(AuditEntry.Number)] = entry => entry with { Number = entry.Number + 100 },
        [nameof(AuditEntry.Void)] = entry => entry with { Void = [.. entry.Void, 1_000] },
        [nameof(AuditEntry.Action)] = entry => entry with { Action = "record.reaD" },
        [nameof(AuditEntry.Outcome)] = entry => entry with { Outcome = "refused" },
        [nameof(AuditEntry.Code)] = entry => entry with { Code = "" },
        [nameof(AuditEntry.ActorType)] = entry => entry with { ActorType = "system" },
        [nameof(AuditEntry.Actor)] = entry => entry with { Actor = $"{entry.Actor} " },
        [nameof(AuditEntry.Session)] = entry => entry with { Session = null },
        [nameof(AuditEntry.Address)] = entry => entry with { Address = "2001:db8::2" },
        [nameof(AuditEntry.Purpose)] = entry => entry with { Purpose = null },
        [nameof(AuditEntry.Endpoint)] = entry => entry with { Endpoint = "" },
        [nameof(AuditEntry.Request)] = entry => entry with { Request = entry.Trace, Trace = entry.Request },
        [nameof(AuditEntry.Trace)] = entry => entry with { Trace = "\U0001D518" },
        [nameof(AuditEntry.Detail)] = entry => entry with { Detail = $"{entry.Detail}." },
        [nameof(AuditEntry.Patients)] = entry => entry with { Patients = [.. entry.Patients, Guid.CreateVersion7()] },
        [nameof(AuditEntry.Records)] = entry => entry with { Records = [entry.Records[0] with { Access = 'U' }, .. entry.Records.Skip(1)] },
        [nameof(AuditEntry.KeyVersion)] = entry => entry with { KeyVersion = 1 },
    };

    private static IEnumerable<string> Members => typeof(AuditEntry).GetProperties()
        .Where(property => property.CanWrite).Select(property => property.Name);

    [Test]
    public void Every_member_has_its_change() => Assert.That(Changes.Keys, Is.EquivalentTo(Members));

    [TestCaseSource(nameof(Members))]
    public async Task A_member_that_was_changed_is_found_by_the_MAC_and_without_it_by_the_root(string member)
    {
        using var scene = new Scene();
        var genuine = scene.Log.Events[Leaf];
        var changed = Changes[member](genuine.Entry);
        Assert.That(AuditEncoding.Encode(changed), Is.Not.EqualTo(AuditEncoding.Encode(genuine.Entry)));
        var lines = scene.Bundle();
        lines[Leaf + 1] = SyntheticLog.Line(genuine with { Entry = changed }, Leaf);
        var withKey = await Verifiers.ShouldBeAsync(Verdict.Tampered, new Evidence(lines, scene.Keys));
        Assert.That(withKey.Findings.FirstBadLeaf, Is.EqualTo(Leaf));
        Assert.That(withKey.Findings.Texts, Has.Some.EqualTo($"tampered: leaf {Leaf}: its MAC is not that of its bytes"));
        var without = await Verifiers.ShouldBeAsync(Verdict.Tampered, new Evidence(lines, scene.PublicKey));
        Assert.That(without.Findings.Texts, Has.Some.Contains("sealed events have not the root"));
    }

    [Test]
    public async Task The_MAC_that_was_changed_is_found_likewise()
    {
        using var scene = new Scene();
        var genuine = scene.Log.Events[Leaf];
        var lines = scene.Bundle();
        lines[Leaf + 1] = SyntheticLog.Line(genuine with { Mac = [(byte)(genuine.Mac[0] ^ 1), .. genuine.Mac[1..]] }, Leaf);
        await Verifiers.ShouldBeAsync(Verdict.Tampered, new Evidence(lines, scene.Keys));
        await Verifiers.ShouldBeAsync(Verdict.Tampered, new Evidence(lines, scene.PublicKey), "sealed events have not the root");
    }

    [Test]
    public async Task A_text_that_was_absent_is_another_than_an_empty_one()
    {
        using var scene = new Scene();
        var leaf = scene.Log.Events.FindIndex(written => written.Entry.Session is null);
        var lines = scene.Bundle();
        lines[leaf + 1] = lines[leaf + 1].Replace("\"session\":null", "\"session\":\"\"", StringComparison.Ordinal);
        var report = await Verifiers.ShouldBeAsync(Verdict.Tampered, new Evidence(lines, scene.Keys));
        Assert.That(report.Findings.FirstBadLeaf, Is.EqualTo(leaf));
    }
}
