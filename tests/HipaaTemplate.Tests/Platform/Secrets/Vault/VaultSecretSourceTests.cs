using System.Text.Json.Nodes;
using HipaaTemplate.Platform.Secrets;
using HipaaTemplate.Platform.Secrets.Vault;
using HipaaTemplate.Tests.Harness.Services;
using HipaaTemplate.Tests.Harness.Vault;

namespace HipaaTemplate.Tests.Platform.Secrets.Vault;

/// <summary>Settings in Vault's KV engine.</summary>
internal sealed class VaultSecretSourceTests
{
    private const string Path = "clinics/hipaa-template";
    private VaultRig rig = null!;
    private VaultSecretSource source = null!;

    [SetUp]
    public async Task StartAsync()
    {
        rig = await VaultRig.StartAsync();
        source = new VaultSecretSource(
            rig.NewClient(),
            StageSettings.Of<VaultSettings>(rig.Settings(), new Dictionary<string, string> { ["VAULT_SECRET_PATH"] = $"secret/{Path}" }));
    }

    [TearDown]
    public async Task StopAsync() => await rig.DisposeAsync();

    [Test]
    public async Task Each_key_of_the_secret_is_a_setting_in_its_newest_version()
    {
        rig.Vault.Secrets.Put(Path, Secret("before"));
        Assert.That(await LoadAsync(), Is.EquivalentTo(new Dictionary<string, string> { ["DATABASE_APP_PASSWORD"] = "before", ["PORT"] = "8000" }));
        rig.Vault.Secrets.Put(Path, Secret("pä$$ \u0001 \"after\""));
        Assert.That((await LoadAsync())["DATABASE_APP_PASSWORD"], Is.EqualTo("pä$$ \u0001 \"after\""));
    }

    [Test]
    public async Task A_version_that_was_deleted_is_named_so_and_is_back_when_it_is_undeleted()
    {
        rig.Vault.Secrets.Put(Path, Secret("kept"));
        rig.Vault.Secrets.Delete(Path);
        Fails("the newest version was deleted");
        rig.Vault.Secrets.Undelete(Path);
        Assert.That((await LoadAsync())["DATABASE_APP_PASSWORD"], Is.EqualTo("kept"));
    }

    [Test]
    public void A_version_that_was_destroyed_is_named_so_and_an_older_one_does_not_take_its_place()
    {
        rig.Vault.Secrets.Put(Path, Secret("older"));
        rig.Vault.Secrets.Put(Path, Secret("newest"));
        rig.Vault.Secrets.Destroy(Path);
        Fails("the newest version was destroyed");
    }

    [Test]
    public void A_secret_that_nobody_wrote_is_not_an_empty_one() => Fails("there is no such secret");

    [TestCase("""{"PORT":8000}""")]
    [TestCase("""{"PORT":null}""")]
    [TestCase("""{"DATABASE_APP_PASSWORD":"canary","PORT":{"of":"canary"}}""")]
    [TestCase("""{"PORT":["canary"]}""")]
    [TestCase("""{"PORT":true}""")]
    public void A_value_that_is_no_string_is_refused_whole_and_not_repeated(string json)
    {
        rig.Vault.Secrets.Put(Path, JsonNode.Parse(json)!);
        Fails("a value of the secret is no string");
    }

    [Test]
    public void What_the_policy_does_not_allow_is_refused()
    {
        rig.Vault.Secrets.Put(Path, Secret("kept"));
        rig.Vault.Deny($"secret/data/{Path}");
        Fails("permission_denied");
    }

    [Test]
    public void A_sealed_Vault_is_no_answer()
    {
        rig.Vault.Condition = VaultCondition.Sealed;
        Fails("status_503");
    }

    [Test]
    public void Nobody_there_is_no_answer()
    {
        var away = new VaultSecretSource(
            rig.NewClient(new Dictionary<string, string> { ["VAULT_ADDR"] = $"http://127.0.0.1:{Ports.Dead}" }),
            StageSettings.Of<VaultSettings>(rig.Settings(), new Dictionary<string, string> { ["VAULT_SECRET_PATH"] = "secret/any" }));
        Assert.That(
            async () => await away.LoadAsync(CancellationToken.None),
            Throws.InstanceOf<SecretSourceException>().With.Message.EqualTo("no_connection"));
    }

    private Task<IReadOnlyDictionary<string, string>> LoadAsync() => source.LoadAsync(CancellationToken.None);

    private void Fails(string reason) =>
        Assert.That(LoadAsync, Throws.InstanceOf<SecretSourceException>().With.Message.EqualTo(reason));

    private static JsonObject Secret(string password) => new() { ["DATABASE_APP_PASSWORD"] = password, ["PORT"] = "8000" };
}
