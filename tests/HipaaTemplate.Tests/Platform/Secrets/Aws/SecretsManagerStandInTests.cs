using Amazon;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;
using Amazon.Runtime.Endpoints;
using Amazon.SecretsManager;
using Amazon.SecretsManager.Model;
using HipaaTemplate.Tests.Harness.Aws;
using ResourceNotFoundException = Amazon.SecretsManager.Model.ResourceNotFoundException;

namespace HipaaTemplate.Tests.Platform.Secrets.Aws;

/// <summary>The stand-in answers as the package does, so that the one may be put in the place of the other.</summary>
internal sealed class SecretsManagerStandInTests
{
    private AwsDouble aws = null!;
    private AwsCredential user = null!;
    private AmazonSecretsManagerClient client = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        aws = await AwsDouble.StartAsync();
        user = aws.NewUser("api");
        client = new AmazonSecretsManagerClient(user.ForSdk(), Configuration());
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        client.Dispose();
        await aws.DisposeAsync();
    }

    [Test]
    public async Task Every_member_of_an_answer_is_read()
    {
        var version = aws.Secrets.Put("text", "{}");
        var answer = await client.GetSecretValueAsync(new GetSecretValueRequest { SecretId = "text" });
        Assert.Multiple(() =>
        {
            Assert.That(answer.ARN, Is.EqualTo(SecretsDouble.ArnOf("text")));
            Assert.That(answer.Name, Is.EqualTo("text"));
            Assert.That(answer.VersionId, Is.EqualTo(version));
            Assert.That(answer.VersionStages, Is.EqualTo(["AWSCURRENT"]));
            Assert.That(answer.CreatedDate, Is.EqualTo(TimeProvider.System.GetUtcNow().UtcDateTime).Within(TimeSpan.FromMinutes(1)));
            Assert.That(answer.SecretString, Is.EqualTo("{}"));
            Assert.That(answer.SecretBinary, Is.Null);
            Assert.That(answer.HttpStatusCode, Is.EqualTo(System.Net.HttpStatusCode.OK));
            Assert.That(answer.ResponseMetadata.RequestId, Is.Not.Empty);
        });
    }

    [Test]
    public async Task A_binary_secret_is_read_as_bytes()
    {
        aws.Secrets.Put("bytes", new byte[] { 0, 1, 255 });
        var answer = await client.GetSecretValueAsync(new GetSecretValueRequest { SecretId = "bytes" });
        Assert.That(answer.SecretBinary!.ToArray(), Is.EqualTo(new byte[] { 0, 1, 255 }));
        Assert.That(answer.SecretString, Is.Null);
    }

    [Test]
    public async Task A_version_is_asked_for_by_its_stage_or_its_id()
    {
        var first = aws.Secrets.Put("staged", "first");
        aws.Secrets.Put("staged", "second");
        aws.Secrets.PutPending("staged", "third");
        async Task<string?> ReadAsync(string? stage, string? version = null) => (await client.GetSecretValueAsync(
            new GetSecretValueRequest { SecretId = "staged", VersionStage = stage, VersionId = version })).SecretString;
        Assert.That(await ReadAsync(null), Is.EqualTo("second"));
        Assert.That(await ReadAsync("AWSCURRENT"), Is.EqualTo("second"));
        Assert.That(await ReadAsync("AWSPREVIOUS"), Is.EqualTo("first"));
        Assert.That(await ReadAsync("AWSPENDING"), Is.EqualTo("third"));
        Assert.That(await ReadAsync(null, first), Is.EqualTo("first"));
        Assert.That(() => ReadAsync("AWSPENDING", first), Throws.InstanceOf<ResourceNotFoundException>());
    }

    [Test]
    public void Errors_have_the_package_s_classes()
    {
        aws.Secrets.Put("lost", "x");
        aws.Secrets.LoseKeyOf("lost");
        Assert.That(
            () => client.GetSecretValueAsync(new GetSecretValueRequest { SecretId = "missing" }),
            Throws.InstanceOf<ResourceNotFoundException>().With.Property("ErrorCode").EqualTo("ResourceNotFoundException"));
        Assert.That(
            () => client.GetSecretValueAsync(new GetSecretValueRequest { SecretId = "lost" }),
            Throws.InstanceOf<DecryptionFailureException>().With.Property("ErrorCode").EqualTo("DecryptionFailure"));
        Assert.That(
            () => client.GetSecretValueAsync(new GetSecretValueRequest()),
            Throws.InstanceOf<AmazonSecretsManagerException>().With.Property("ErrorCode").EqualTo("ValidationException"));
    }

    [Test]
    public async Task Temporary_credentials_are_signed_with_their_token()
    {
        aws.Secrets.Put("session", "x");
        using var own = new AmazonSecretsManagerClient(
            aws.NewSession("a role", TimeSpan.FromHours(1)).ForSdk(), Configuration());
        Assert.That((await own.GetSecretValueAsync(new GetSecretValueRequest { SecretId = "session" })).SecretString, Is.EqualTo("x"));
        Assert.That(aws.Calls[^1].Principal, Is.EqualTo("a role"));
    }

    /// <summary>The package's rules and those of KMS differ by nothing but the name of the service.</summary>
    [Test]
    public void Addresses_are_those_of_KMS_with_the_name_of_the_service(
        [Values] bool isFips, [Values] bool isDualStack)
    {
        var compared = 0;
        Assert.Multiple(() =>
        {
            foreach (var region in RegionEndpoint.EnumerableAllRegions)
            {
                var ours = AddressOf(new AmazonSecretsManagerConfig(), new GetSecretValueRequest(), region, isFips, isDualStack);
                var theirs = AddressOf(new AmazonKeyManagementServiceConfig(), new DecryptRequest(), region, isFips, isDualStack);
                Assert.That(ours, Is.EqualTo(theirs?.Replace("://kms", "://secretsmanager", StringComparison.Ordinal)), region.SystemName);
                compared++;
            }
        });
        Assert.That(compared, Is.GreaterThan(30));
    }

    [TestCase("eu-west-1", false, false, "https://secretsmanager.eu-west-1.amazonaws.com")]
    [TestCase("us-gov-west-1", true, false, "https://secretsmanager-fips.us-gov-west-1.amazonaws.com")]
    [TestCase("cn-north-1", false, false, "https://secretsmanager.cn-north-1.amazonaws.com.cn")]
    [TestCase("cn-north-1", true, true, "https://secretsmanager-fips.cn-north-1.api.amazonwebservices.com.cn")]
    [TestCase("eu-west-1", true, true, "https://secretsmanager-fips.eu-west-1.api.aws")]
    [TestCase("us-iso-east-1", false, false, "https://secretsmanager.us-iso-east-1.c2s.ic.gov")]
    public void An_address_has_its_region_and_its_partition(string region, bool isFips, bool isDualStack, string address) => Assert.That(
        AddressOf(new AmazonSecretsManagerConfig(), new GetSecretValueRequest(), RegionEndpoint.GetBySystemName(region), isFips, isDualStack),
        Is.EqualTo(address));

    private AmazonSecretsManagerConfig Configuration() =>
        new() { ServiceURL = aws.Address.ToString(), AuthenticationRegion = AwsDouble.Region };

    /// <returns>Null where the partition has none.</returns>
    private static string? AddressOf(
        ClientConfig configuration, AmazonWebServiceRequest request, RegionEndpoint region, bool isFips, bool isDualStack)
    {
        configuration.RegionEndpoint = region;
        configuration.UseFIPSEndpoint = isFips;
        configuration.UseDualstackEndpoint = isDualStack;
        try
        {
            return configuration.DetermineServiceOperationEndpoint(new ServiceOperationEndpointParameters(request)).URL.TrimEnd('/');
        }
        catch (AmazonClientException)
        {
            return null;
        }
    }
}
