using HipaaTemplate.Platform.Secrets.Services;
using HipaaTemplate.Tests.Harness.Vault;

namespace HipaaTemplate.Tests.Platform.Secrets.Services;

/// <summary>The limits of what a service may answer.</summary>
internal sealed class JsonServiceTests
{
    [TestCase(60_000, null)]
    [TestCase(70_000, "answer_too_large")]
    public async Task An_answer_beyond_the_limit_is_not_read_to_its_end(int length, string? reason)
    {
        await using var rig = await VaultRig.StartAsync();
        rig.Vault.Secrets.Put("any", new System.Text.Json.Nodes.JsonObject { ["value"] = new string('x', length) });
        var client = rig.NewClient();
        Assert.That(client.AskAsync, reason is null
            ? Throws.Nothing
            : Throws.InstanceOf<ServiceException>().With.Property(nameof(ServiceException.Reason)).EqualTo(reason));
    }
}
