using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Settings;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Tests.Platform.Protection.Providers;

/// <summary>The provider for development keeps what the others promise, as far as a file can.</summary>
internal sealed class LocalKeyProviderTests : KeyProviderContract
{
    [Test]
    public async Task Its_file_is_for_its_owner_only_and_whoever_reads_it_opens_the_keys()
    {
        var stage = (LocalStage)Stage;
        var generated = await Provider.GenerateAsync(Context, CancellationToken.None);
        Assert.That(new FileInfo(stage.File), Has.Length.EqualTo(32));
        if (!OperatingSystem.IsWindows())
        {
            Assert.That(File.GetUnixFileMode(stage.File), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
        }

        var opened = await Stage.NewProvider().UnwrapAsync(generated.Wrapped, Context, CancellationToken.None);
        Assert.That(opened, Is.EqualTo(generated.Plaintext));
    }

    [Test]
    public async Task Of_sixteen_that_start_at_once_all_have_the_same_key()
    {
        await using var stage = new LocalStage();
        var wrapped = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(
            () => stage.NewProvider().GenerateAsync(Context, CancellationToken.None))));
        foreach (var generated in wrapped)
        {
            Assert.That(
                await stage.NewProvider().UnwrapAsync(generated.Wrapped, Context, CancellationToken.None),
                Is.EqualTo(generated.Plaintext));
        }

        Assert.That(Directory.GetFiles(Path.GetDirectoryName(stage.File)!), Has.Length.EqualTo(1), "no draft is left behind");
    }

    [Test]
    public async Task A_file_that_holds_no_key_is_not_taken_for_one()
    {
        await using var stage = new LocalStage();
        Directory.CreateDirectory(Path.GetDirectoryName(stage.File)!);
        await File.WriteAllTextAsync(stage.File, "not a key");
        Assert.That(
            () => stage.NewProvider().GenerateAsync(Context, CancellationToken.None),
            Throws.InstanceOf<KeyProviderException>().With.Property("Fault").EqualTo(KeyProviderFault.Refused));
        Assert.That(await File.ReadAllTextAsync(stage.File), Is.EqualTo("not a key"), "nor is it overwritten");
    }

    [TestCase("production")]
    [TestCase("staging")]
    [Hipaa(Citations.BreachNotification)]
    public async Task Outside_development_the_start_is_refused(string environment)
    {
        var settings = ApiProcess.Settings(App.DatabaseUrl, App.Issuer);
        settings["ENVIRONMENT"] = environment;
        settings["OIDC_ISSUER_URL"] = "https://idp.example.org";
        settings["PORT"] = "0";
        settings["KEY_PROVIDER"] = "local";
        var start = await ApiProcess.RunAsync(settings);
        Assert.That(start.ExitCode, Is.EqualTo(1));
        Assert.That(start.Errors, Does.StartWith("KEY_PROVIDER must not be local outside development"));

        settings.Remove("KEY_PROVIDER");
        start = await ApiProcess.RunAsync(settings);
        Assert.That(start.ExitCode, Is.EqualTo(1));
        Assert.That(start.Errors, Does.StartWith("KEY_PROVIDER is missing"));
    }

    protected override Task<KeyProviderStage> StartAsync() => Task.FromResult<KeyProviderStage>(new LocalStage());

    private sealed class LocalStage : KeyProviderStage
    {
        private readonly string folder = Path.Combine(Path.GetTempPath(), $"local-key-{Guid.CreateVersion7():N}");

        public string File => Path.Combine(folder, "keys", "local-key");

        public override string KeyId => "default";

        public override string OtherKeyId => "another";

        public override IReadOnlyList<string> Secrets => [File];

        public override IKeyProvider NewProvider(IReadOnlyDictionary<string, string>? settings = null)
        {
            var configuration = new ConfigurationBuilder()
                .AddInMemoryCollection([new("KEY_LOCAL_FILE", File), new("KEY_ID", KeyId)])
                .AddInMemoryCollection((settings ?? new Dictionary<string, string>()).Select(pair => new KeyValuePair<string, string?>(pair.Key, pair.Value)))
                .Build();
            KeyProviderSettings bound = new();
            Assert.That(SettingsBinder.Bind(bound, configuration), Is.Empty);
            return new LocalKeyProvider(Options.Create(bound), NullLogger<LocalKeyProvider>.Instance);
        }

        public override ValueTask DisposeAsync()
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }

            return ValueTask.CompletedTask;
        }
    }
}
