using System.Text.Json.Nodes;
using HipaaTemplate.Platform.Secrets;
using HipaaTemplate.Platform.Secrets.Akeyless;
using HipaaTemplate.Tests.Harness.Akeyless;
using HipaaTemplate.Tests.Harness.Services;
using Microsoft.Extensions.Logging.Abstractions;

namespace HipaaTemplate.Tests.Platform.Secrets.Akeyless;

/// <summary>Settings in a static secret of Akeyless.</summary>
internal sealed class AkeylessSecretSourceTests
{
    private const string Name = "/production/hipaa-template";
    private AkeylessDouble akeyless = null!;
    private AkeylessClient client = null!;
    private AkeylessSecretSource source = null!;

    [SetUp]
    public async Task StartAsync()
    {
        akeyless = await AkeylessDouble.StartAsync();
        var settings = StageSettings.Of<AkeylessSettings>(new Dictionary<string, string>
        {
            ["AKEYLESS_URL"] = akeyless.Address.ToString(),
            ["AKEYLESS_ACCESS_ID"] = AkeylessDouble.AccessId,
            ["AKEYLESS_ACCESS_KEY"] = AkeylessDouble.AccessKey,
            ["AKEYLESS_SECRET_NAME"] = Name,
        });
        client = new AkeylessClient(settings, TimeProvider.System, NullLogger<AkeylessClient>.Instance);
        source = new AkeylessSecretSource(client, settings);
    }

    [TearDown]
    public async Task StopAsync()
    {
        client.Dispose();
        await akeyless.DisposeAsync();
    }

    [TestCase(true)]
    [TestCase(false, Description = "an item in JSON format, from a gateway that answers the object")]
    public async Task Each_member_of_the_value_is_a_setting(bool asText)
    {
        JsonNode value = new JsonObject { ["DATABASE_APP_PASSWORD"] = "pä$$ \"word\"", ["PORT"] = "8000" };
        akeyless.StaticSecrets[Name] = asText ? value.ToJsonString() : value;
        Assert.That(await LoadAsync(), Is.EquivalentTo(
            new Dictionary<string, string> { ["DATABASE_APP_PASSWORD"] = "pä$$ \"word\"", ["PORT"] = "8000" }));
    }

    [TestCase("canary", "the secret is no object of settings")]
    [TestCase("[\"canary\"]", "the secret is no object of settings")]
    [TestCase("{\"PORT\":\"canary\",\"PORT\":\"8000\"}", "the secret is no object of settings")]
    [TestCase("{\"PORT\":\"canary\"", "the secret is no object of settings")]
    [TestCase("{\"PORT\":8000}", "a value of the secret is no string")]
    [TestCase("{\"PORT\":\"8000\",\"HOST\":null}", "a value of the secret is no string")]
    [TestCase("{\"PORT\":{\"of\":\"canary\"}}", "a value of the secret is no string")]
    public void Any_other_value_is_refused_whole_and_not_repeated(string text, string reason)
    {
        akeyless.StaticSecrets[Name] = text;
        Fails(reason);
    }

    [Test]
    public void A_secret_that_nobody_wrote_is_not_an_empty_one() => Fails("not_found");

    [Test]
    public void An_outage_is_no_answer()
    {
        akeyless.Fault = KeyServiceFault.ServerError;
        Fails("status_500");
    }

    private Task<IReadOnlyDictionary<string, string>> LoadAsync() => source.LoadAsync(CancellationToken.None);

    private void Fails(string reason) =>
        Assert.That(LoadAsync, Throws.InstanceOf<SecretSourceException>().With.Message.EqualTo(reason));
}
