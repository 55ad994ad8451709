using HipaaTemplate.Tests.Harness.Aws;

namespace HipaaTemplate.Tests.Platform.Aws;

/// <summary>
/// Where credentials come from is the SDK's affair; that each of its ways works with the provider as it is made
/// in production, and in which order, is shown in processes with an environment of their own.
/// </summary>
internal sealed class AwsCredentialChainTests
{
    private const string Role = "api";
    private const string ProfilePrincipal = "a profile";
    private readonly string folder = Directory.CreateTempSubdirectory("aws-").FullName;
    private readonly string identityToken = Guid.CreateVersion7().ToString();
    private AwsDouble aws = null!;
    private AwsCredential user = null!;
    private KmsKey key = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        aws = await AwsDouble.StartAsync();
        user = aws.NewUser("api");
        key = aws.Kms.NewKey();
        aws.Sts.Trust(identityToken, "system:serviceaccount:api");
        aws.Sts.AddRole(Role, subject => subject == "system:serviceaccount:api");
        aws.Sts.AddRole("closed", _ => false);
        await File.WriteAllTextAsync(Path.Combine(folder, "token"), identityToken);
        var profile = aws.NewSession(ProfilePrincipal, TimeSpan.FromHours(1));
        await File.WriteAllTextAsync(
            Path.Combine(folder, "credentials"),
            $"[default]\naws_access_key_id={profile.AccessKeyId}\naws_secret_access_key={profile.SecretAccessKey}\naws_session_token={profile.SessionToken}\n");
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await aws.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Test]
    public async Task Keys_in_the_environment_come_first()
    {
        var result = await RunAsync(Environment(), WebIdentity(Role), Profile(), Container());
        Assert.That(result, Is.EqualTo(("opened", user.Principal)));
    }

    [Test]
    public async Task Then_a_web_identity()
    {
        var result = await RunAsync(WebIdentity(Role), Profile(), Container());
        Assert.That(result, Is.EqualTo(("opened", StsDouble.SessionArn(Role, "pod-1"))));
        Assert.That(aws.Calls.Select(call => call.Operation), Does.Contain("AssumeRoleWithWebIdentity"));
    }

    [Test]
    public async Task Then_a_profile()
    {
        var result = await RunAsync(Profile(), Container());
        Assert.That(result, Is.EqualTo(("opened", ProfilePrincipal)));
    }

    [Test]
    public async Task Then_the_endpoint_of_the_container()
    {
        var result = await RunAsync(Container());
        Assert.That(result, Is.EqualTo(("opened", aws.ContainerPrincipal)));
    }

    [Test]
    public async Task Keys_in_the_environment_may_be_temporary()
    {
        var session = aws.NewSession("a session", TimeSpan.FromHours(1));
        Assert.That(await RunAsync(Environment(session)), Is.EqualTo(("opened", "a session")));
    }

    [Test]
    public async Task A_role_that_may_not_be_assumed_is_a_refusal() =>
        Assert.That((await RunAsync(WebIdentity("closed"))).Said, Is.EqualTo("Refused: AccessDenied"));

    [Test]
    public async Task No_credentials_at_all_are_an_outage() =>
        Assert.That((await RunAsync()).Said, Does.StartWith("Unavailable: no answer"));

    /// <returns>What the child said, and as whom it called KMS.</returns>
    private async Task<(string Said, string? Principal)> RunAsync(params Dictionary<string, string>[] sources)
    {
        var before = aws.Calls.Count;
        var environment = new Dictionary<string, string>
        {
            ["ENVIRONMENT"] = "development", ["KEY_PROVIDER"] = "aws-kms", ["KEY_ID"] = key.Arn,
            ["AWS_REGION"] = AwsDouble.Region, ["AWS_ENDPOINT_URL"] = aws.Address.ToString().TrimEnd('/'),
            ["AWS_EC2_METADATA_DISABLED"] = "true",
        };
        foreach (var (name, value) in sources.SelectMany(source => source))
        {
            environment[name] = value;
        }

        var result = await ChildProgram.RunAsync(environment, "aws-kms");
        Assert.That(result.ExitCode, Is.Zero, result.Errors);
        var principals = aws.Calls.Skip(before).Where(call => call.Service == "kms").Select(call => call.Principal).Distinct().ToList();
        return (result.Output.Trim(), principals.SingleOrDefault());
    }

    private Dictionary<string, string> Environment(AwsCredential? credential = null)
    {
        var from = credential ?? user;
        Dictionary<string, string> variables = new()
        {
            ["AWS_ACCESS_KEY_ID"] = from.AccessKeyId, ["AWS_SECRET_ACCESS_KEY"] = from.SecretAccessKey,
        };
        if (from.SessionToken is { } token)
        {
            variables["AWS_SESSION_TOKEN"] = token;
        }

        return variables;
    }

    private Dictionary<string, string> WebIdentity(string role) => new()
    {
        ["AWS_WEB_IDENTITY_TOKEN_FILE"] = Path.Combine(folder, "token"),
        ["AWS_ROLE_ARN"] = StsDouble.RoleArn(role),
        ["AWS_ROLE_SESSION_NAME"] = "pod-1",
    };

    private Dictionary<string, string> Profile() => new() { ["AWS_SHARED_CREDENTIALS_FILE"] = Path.Combine(folder, "credentials") };

    private Dictionary<string, string> Container() => new()
    {
        ["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = aws.ContainerAddress.ToString(),
        ["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = aws.ContainerToken,
    };
}
