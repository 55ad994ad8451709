using System.Text;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Auditing.Export;
using HipaaTemplate.Platform.Auditing.Sealing;
using HipaaTemplate.Platform.Auditing.Verification;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Platform.Auditing;

/// <summary>The log of what happened before a tenant was known.</summary>
[NonParallelizable]
internal sealed class PlatformLogTests
{
    [Test]
    public async Task It_is_sealed_and_verified_like_a_tenants_and_another_secrets_key_is_not_tried_on_it()
    {
        var (api, url) = await App.NewApiAsync();
        await using var host = api;
        using (var stranger = api.WithToken("e30.e30.e30"))
        {
            using var refused = await stranger.GetAsync(ProbeFeature.Path);
        }

        await Horizon.PassesAsync(url);
        await api.Services.GetRequiredService<Sealer>().SealAsync(CancellationToken.None);
        var log = AuditLog.Of(AuditEntry.Platform, TimeProvider.System.GetUtcNow());
        using var bundle = new StringWriter();
        await api.Services.GetRequiredService<AuditExport>().BundleAsync(log, bundle, CancellationToken.None);
        using var keys = new StringWriter();
        await api.Services.GetRequiredService<AuditKeyFile>().WriteAsync(log, keys, CancellationToken.None);

        var mac = keys.ToString().Split('\n').Single(line => line.StartsWith("mac ", StringComparison.Ordinal));
        var others = keys.ToString().Replace(mac, string.Join(' ', mac.Split(' ')[..3].Append("7").Append(mac.Split(' ')[4])), StringComparison.Ordinal);
        Assert.Multiple(() =>
        {
            Assert.That(Lines(bundle, keys.ToString()), Has.Some.EqualTo("clean").And.Some.Contains("1 checked"));
            Assert.That(Lines(bundle, others), Has.Some.EqualTo("clean").And.Some.Contains("0 checked"));
        });
    }

    private static List<string> Lines(StringWriter bundle, string keys)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(bundle.ToString()));
        return [.. BundleVerifier.Verify(stream, VerifierKeys.Parse(keys), null).Lines()];
    }
}
