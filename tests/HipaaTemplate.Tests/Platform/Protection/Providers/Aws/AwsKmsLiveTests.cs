using HipaaTemplate.Platform.Aws;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Protection.Providers.Aws;
using HipaaTemplate.Platform.Secrets.Aws;
using HipaaTemplate.Platform.Settings;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Tests.Platform.Protection.Providers.Aws;

/// <summary>
/// The contract on AWS itself, for whoever has an account: <c>./test live-aws</c> with credentials where the SDK
/// finds them, AWS_REGION, and two symmetric keys in LIVE_AWS_KEY_ID and LIVE_AWS_OTHER_KEY_ID. About 600 calls.
/// </summary>
[Explicit("It needs an account of AWS.")]
[Category("live-aws")]
internal sealed class AwsKmsLiveTests : KeyProviderContract
{
    [Test]
    public async Task A_secret_is_loaded()
    {
        if (Environment.GetEnvironmentVariable("LIVE_AWS_SECRET_ID") is not { Length: > 0 } secret)
        {
            Assert.Ignore("LIVE_AWS_SECRET_ID is missing: the name of a secret that is a JSON object of texts.");
            return;
        }

        var settings = LiveStage.Bound<AwsSettings>(new Dictionary<string, string?> { ["AWS_SECRETS_MANAGER_SECRET_ID"] = secret });
        using var source = new AwsSecretSource(settings);
        // Counted, not compared: the values are nobody's business.
        Assert.That((await source.LoadAsync(CancellationToken.None)).Count, Is.Positive);
    }

    protected override Task<KeyProviderStage> StartAsync() => Task.FromResult<KeyProviderStage>(new LiveStage());

    private sealed class LiveStage : KeyProviderStage
    {
        public override string KeyId { get; } = Required("LIVE_AWS_KEY_ID");

        public override string OtherKeyId { get; } = Required("LIVE_AWS_OTHER_KEY_ID");

        public override IReadOnlyList<string> Secrets { get; } =
        [
            .. new[] { "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN" }
                .Select(Environment.GetEnvironmentVariable).Where(value => !string.IsNullOrEmpty(value))!,
        ];

        /// <summary>The script fails without it; a run that came here by its name does not.</summary>
        public static string Required(string name)
        {
            var value = Environment.GetEnvironmentVariable(name);
            if (string.IsNullOrEmpty(value))
            {
                Assert.Ignore($"{name} is missing; ./test live-aws says what else is needed.");
            }

            return value!;
        }

        public override IKeyProvider NewProvider(IReadOnlyDictionary<string, string>? settings = null)
        {
            var given = new Dictionary<string, string?> { ["KEY_PROVIDER"] = "aws-kms", ["KEY_ID"] = KeyId };
            foreach (var (name, value) in settings ?? new Dictionary<string, string>())
            {
                given[name] = value;
            }

            return new AwsKmsKeyProvider(Options.Create(Bound<KeyProviderSettings>(given)), Options.Create(Bound<AwsSettings>()));
        }

        /// <summary>From the environment, as a deployment has them.</summary>
        public static TOptions Bound<TOptions>(Dictionary<string, string?>? given = null)
            where TOptions : class, new()
        {
            var options = new TOptions();
            var configuration = new ConfigurationBuilder().AddEnvironmentVariables().AddInMemoryCollection(given ?? []).Build();
            Assert.That(SettingsBinder.Bind(options, configuration), Is.Empty);
            return options;
        }

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
