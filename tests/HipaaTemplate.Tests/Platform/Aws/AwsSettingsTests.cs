using Amazon.KeyManagementService;
using HipaaTemplate.Platform.Aws;
using HipaaTemplate.Platform.Hosting;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Protection.Providers.Aws;
using HipaaTemplate.Platform.Settings;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Tests.Platform.Aws;

internal sealed class AwsSettingsTests
{
    [TestCase("AWS_REGION=eu-central-1")]
    [TestCase("AWS_REGION=us-gov-west-1 AWS_SECRETS_MANAGER_SECRET_ID=hipaa/production")]
    [TestCase("AWS_REGION=eu-central-1 AWS_ENDPOINT_URL=https://vpce-1.kms.eu-central-1.vpce.amazonaws.com")]
    [TestCase("AWS_REGION=eu-central-1 AWS_ENDPOINT_URL=https://127.0.0.1:8443/")]
    [TestCase("")]
    public void Settings_that_fit_together_are_taken(string settings) => Assert.That(Problems(settings), Is.Empty);

    [TestCase("AWS_REGION=europe", "AWS_REGION must be the name of a region, such as eu-central-1.")]
    [TestCase("AWS_REGION=eu-central-1.evil.example", "AWS_REGION must be the name of a region, such as eu-central-1.")]
    [TestCase("AWS_SECRETS_MANAGER_SECRET_ID=x", "AWS_REGION is missing: the region of AWS_SECRETS_MANAGER_SECRET_ID.")]
    [TestCase("AWS_ENDPOINT_URL=ftp://x", "AWS_ENDPOINT_URL must be an address without a path, scheme://host[:port].")]
    [TestCase("AWS_ENDPOINT_URL=https://x/path", "AWS_ENDPOINT_URL must be an address without a path, scheme://host[:port].")]
    [TestCase("AWS_ENDPOINT_URL=https://user:password@x", "AWS_ENDPOINT_URL must be an address without a path, scheme://host[:port].")]
    public void Settings_that_cannot_be_are_named(string settings, string problem) =>
        Assert.That(Problems(settings), Is.EqualTo([problem]));

    [Test]
    public void Keys_go_in_clear_to_no_address_outside_development([Values] DeploymentEnvironment environment, [Values("http", "https")] string scheme)
    {
        var validator = new AwsSettingsValidator(Options.Create(new ServerSettings { Environment = environment }));
        var result = validator.Validate(null, new AwsSettings { EndpointUrl = new Uri($"{scheme}://kms.example") });
        Assert.That(result.Failed, Is.EqualTo(scheme == "http" && environment != DeploymentEnvironment.Development));
    }

    [TestCase("KEY_PROVIDER=aws-kms KEY_ID=alias/x", false)]
    [TestCase("KEY_PROVIDER=aws-kms KEY_ID=alias/x AWS_REGION=eu-central-1", true)]
    [TestCase("KEY_PROVIDER=local", true)]
    public void The_region_of_keys_in_AWS_is_never_guessed(string settings, bool isTaken)
    {
        using var services = new ServiceCollection()
            .AddSingleton(Configuration(settings)).AddSettings<KeyProviderSettings>().AddSettings<AwsSettings>().AddAwsKms()
            .BuildServiceProvider();
        var options = services.GetRequiredService<IOptions<AwsSettings>>();
        if (isTaken)
        {
            Assert.That(options.Value, Is.Not.Null);
        }
        else
        {
            Assert.That(() => options.Value, Throws.InstanceOf<OptionsValidationException>().With.Message.StartsWith("AWS_REGION is missing"));
        }
    }

    [Test]
    public void The_provider_is_made_from_what_is_registered()
    {
        using var services = new ServiceCollection()
            .AddSingleton(Configuration("KEY_PROVIDER=aws-kms KEY_ID=alias/x AWS_REGION=eu-central-1"))
            .AddSettings<KeyProviderSettings>().AddSettings<AwsSettings>().AddAwsKms().BuildServiceProvider();
        Assert.That(services.GetRequiredService<AwsKmsKeyProvider>().Name, Is.EqualTo("aws-kms"));
    }

    [Test]
    public void The_region_s_own_address_is_used_unless_there_is_another()
    {
        var own = new AwsSettings { Region = "eu-central-1" }.Configure(new AmazonKeyManagementServiceConfig());
        Assert.That(own.RegionEndpoint.SystemName, Is.EqualTo("eu-central-1"));
        var other = new AwsSettings { Region = "eu-central-1", EndpointUrl = new Uri("https://kms.example") }
            .Configure(new AmazonKeyManagementServiceConfig());
        Assert.That(other.ServiceURL, Is.EqualTo("https://kms.example/"));
        Assert.That(other.AuthenticationRegion, Is.EqualTo("eu-central-1"));
        Assert.That(new[] { own, other }.Select(one => one.IgnoreConfiguredEndpointUrls), Has.All.True);
    }

    private static List<string> Problems(string settings) => SettingsBinder.Bind(new AwsSettings(), Configuration(settings));

    private static IConfiguration Configuration(string settings) => new ConfigurationBuilder().AddInMemoryCollection(
        settings.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=', 2))
            .Select(pair => KeyValuePair.Create(pair[0], (string?)pair[1]))).Build();
}
