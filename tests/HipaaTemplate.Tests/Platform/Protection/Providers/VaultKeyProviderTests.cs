using System.Text;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Protection.Providers.Vault;
using HipaaTemplate.Platform.Secrets.Vault;
using HipaaTemplate.Platform.Tenancy;
using HipaaTemplate.Tests.Harness.Services;
using HipaaTemplate.Tests.Harness.Vault;

namespace HipaaTemplate.Tests.Platform.Protection.Providers;

/// <summary>What is Vault's own beside the contract: versions that end, keys of the wrong kind, names.</summary>
internal sealed class VaultKeyProviderTests
{
    private readonly KeyContext context = new("development", TenantId.From(Guid.CreateVersion7()), DataClass.General, 1);
    private VaultRig rig = null!;

    private TransitKey Key => rig.Vault.Transit.Keys["phi"];

    [SetUp]
    public async Task StartAsync()
    {
        rig = await VaultRig.StartAsync();
        rig.Vault.Transit.Keys["phi"] = new TransitKey();
    }

    [TearDown]
    public async Task StopAsync() => await rig.DisposeAsync();

    [Test]
    public async Task A_wrapped_key_reads_as_Vault_s_and_names_key_and_version()
    {
        Key.Rotate();
        Key.Rotate();
        var wrapped = (await NewProvider().GenerateAsync(context, CancellationToken.None)).Wrapped;
        Assert.That(wrapped.KeyId, Is.EqualTo("phi:v3"));
        Assert.That(Encoding.UTF8.GetString(wrapped.Bytes), Does.StartWith("vault:v3:"));
    }

    [Test]
    public async Task A_version_below_the_least_that_may_decrypt_is_refused_and_works_when_that_is_taken_back()
    {
        var provider = NewProvider();
        var generated = await provider.GenerateAsync(context, CancellationToken.None);
        Key.Rotate();
        Key.MinDecryptionVersion = 2;
        await IsRefusedAsync("key_version_below_minimum", () => provider.UnwrapAsync(generated.Wrapped, context, CancellationToken.None));
        await IsRefusedAsync("key_version_below_minimum", () => provider.RewrapAsync(generated.Wrapped, context, CancellationToken.None));
        Key.MinDecryptionVersion = 1;
        var rewrapped = await provider.RewrapAsync(generated.Wrapped, context, CancellationToken.None);
        Key.MinDecryptionVersion = 2;
        Assert.That(await provider.UnwrapAsync(rewrapped, context, CancellationToken.None), Is.EqualTo(generated.Plaintext));
    }

    [TestCase("aes256-gcm96", true, "key_is_derived")]
    [TestCase("chacha20-poly1305", true, "key_is_derived")]
    [TestCase("rsa-4096", false, "key_type_without_associated_data")]
    public async Task A_key_of_a_kind_that_binds_no_context_is_refused_with_the_reason(string type, bool derived, string reason)
    {
        rig.Vault.Transit.Keys["phi"] = new TransitKey(type, derived);
        await IsRefusedAsync(reason, () => NewProvider().GenerateAsync(context, CancellationToken.None));
    }

    [TestCase(400)]
    [TestCase(500, Description = "as older releases say it")]
    public async Task A_ciphertext_that_does_not_open_is_told_from_an_outage(int status)
    {
        rig.Vault.Transit.NotAuthenticStatus = status;
        var provider = NewProvider();
        var generated = await provider.GenerateAsync(context, CancellationToken.None);
        Assert.That(
            async () => await provider.UnwrapAsync(generated.Wrapped, context with { Version = 2 }, CancellationToken.None),
            Throws.InstanceOf<KeyProviderException>().With.Property(nameof(KeyProviderException.Fault)).EqualTo(KeyProviderFault.NotAuthentic));
    }

    [TestCase("phi:v2")]
    [TestCase("phi:v01")]
    [TestCase("phi:1")]
    [TestCase("phi")]
    public async Task A_wrapped_key_that_is_said_to_be_of_another_version_is_not_opened(string keyId)
    {
        var provider = NewProvider();
        var (_, wrapped) = await provider.GenerateAsync(context, CancellationToken.None);
        var asked = rig.Vault.Calls.Count;
        Assert.That(
            async () => await provider.UnwrapAsync(wrapped with { KeyId = keyId }, context, CancellationToken.None),
            Throws.InstanceOf<KeyProviderException>().With.Property(nameof(KeyProviderException.Reason)).EqualTo("wrapped_key_not_valid"));
        Assert.That(rig.Vault.Calls, Has.Count.EqualTo(asked));
    }

    [Test]
    public async Task A_key_that_nobody_made_is_refused_and_not_made()
    {
        await IsRefusedAsync("permission_denied", () => NewProvider("phj").GenerateAsync(context, CancellationToken.None));
        Assert.That(rig.Vault.Transit.Keys.Keys, Is.EqualTo(new[] { "phi" }));
    }

    [TestCase("../../sys/raw")]
    [TestCase("phi/../other")]
    [TestCase("phi?x=1")]
    [TestCase("phi%2e")]
    [TestCase(".phi")]
    [TestCase("phi\n")]
    public async Task A_name_that_would_lead_elsewhere_is_refused_before_anything_is_asked(string name)
    {
        await IsRefusedAsync("key_id_not_valid", () => NewProvider(name).GenerateAsync(context, CancellationToken.None));
        Assert.That(rig.Vault.Calls, Is.Empty);
    }

    [Test]
    public async Task What_was_wrapped_is_tried_before_anything_hangs_on_it()
    {
        var provider = NewProvider();
        await provider.GenerateAsync(context, CancellationToken.None);
        Assert.That(
            rig.Vault.Calls.Where(call => call.Contains("transit", StringComparison.Ordinal)),
            Is.EqualTo(new[] { "POST /v1/transit/encrypt/phi", "POST /v1/transit/decrypt/phi" }));
        rig.Vault.Transit.Keys["other"] = new TransitKey();
        rig.Vault.Transit.MixesKeysUp = true;
        Assert.That(
            async () => await provider.GenerateAsync(context, CancellationToken.None),
            Throws.InstanceOf<KeyProviderException>().With.Property(nameof(KeyProviderException.Fault)).EqualTo(KeyProviderFault.NotAuthentic));
    }

    private VaultKeyProvider NewProvider(string keyId = "phi")
    {
        var keys = new KeyProviderSettings { Provider = KeyProviderKind.Vault, KeyId = keyId };
        return new VaultKeyProvider(
            rig.NewClient(), StageSettings.Of<VaultSettings>(rig.Settings()), Microsoft.Extensions.Options.Options.Create(keys));
    }

    private static async Task IsRefusedAsync(string reason, Func<Task> call)
    {
        var failure = await Task.Run(async () =>
        {
            try
            {
                await call();
                return null;
            }
            catch (KeyProviderException e)
            {
                return e;
            }
        });
        Assert.That((failure?.Fault, failure?.Reason), Is.EqualTo(((KeyProviderFault?)KeyProviderFault.Refused, (string?)reason)));
    }
}
