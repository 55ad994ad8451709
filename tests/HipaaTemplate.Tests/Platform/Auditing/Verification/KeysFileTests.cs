using HipaaTemplate.Platform.Auditing.Verification;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Tests.Platform.Auditing.Verification;

/// <summary>A file of keys that says something unknown is not read at all.</summary>
internal sealed class KeysFileTests
{
    private const string Tenant = "01933c1e-1111-7000-8000-000000000001";
    private static readonly string Key = Convert.ToBase64String(new byte[32]);

    [TestCase(" ")]
    [TestCase("mac")]
    [TestCase($"mac {Tenant} 2026-11 1")]
    [TestCase($"mac {Tenant} 2026-11 1 KEY more")]
    [TestCase($"mac {Tenant} 2026-11 01 KEY")]
    [TestCase($"mac {Tenant} 2026-11 -1 KEY")]
    [TestCase($"mac {Tenant} 2026-11 2147483648 KEY")]
    [TestCase($"mac {Tenant} 2026-13 1 KEY")]
    [TestCase($"mac {Tenant} 2026-11 1 AAAA")]
    [TestCase($"mac {Tenant}0 2026-11 1 KEY")]
    [TestCase("mac 00000000-0000-0000-0000-000000000000 2026-11 1 KEY")]
    [TestCase($" mac {Tenant} 2026-11 1 KEY")]
    [TestCase($"mac {Tenant} 2026-11 1 KEY\r")]
    [TestCase($"mac {Tenant} 2026-11 1 KEY\nmac {Tenant} 2026-11 1 KEY")]
    [TestCase("audit.example+00000000+AAAA")]
    [TestCase("VKEY\nVKEY")]
    [TestCase("VKEY0")]
    [TestCase("xVKEY\n+")]
    public async Task What_is_no_file_of_keys_is_not_read(string text)
    {
        using var scene = new Scene();
        var keys = text.Replace("VKEY", scene.Trail.Signer.Key.Format(), StringComparison.Ordinal).Replace("KEY", Key, StringComparison.Ordinal);
        Assert.That(() => VerifierKeys.Parse(keys), Throws.InstanceOf<InvalidDataException>());
        var (bundle, file, _) = Verifiers.Write(new Evidence(scene.Bundle(), keys));
        Assert.That(await Verifiers.AskNodeAsync(bundle, file, null), Is.EqualTo("1 none"));
    }

    [Test]
    public void Keys_of_several_months_tenants_and_versions_are_kept_apart()
    {
        var keys = VerifierKeys.Parse($"#\n\nmac {Tenant} 2026-11 1 {Key}\nmac {Tenant} 2026-11 2 {Key}\nmac {Tenant} 2026-12 1 {Key}");
        Assert.That(keys.MacKeysOf(TenantId.From(Guid.Parse(Tenant)), "2026-11").Keys, Is.EquivalentTo(new[] { 1, 2 }));
        Assert.That(keys.MacKeysOf(TenantId.From(Guid.Parse(Tenant)), "2026-10"), Is.Empty);
        Assert.That(keys.Signers, Is.Empty);
    }
}
