using System.Diagnostics;
using HipaaTemplate.Platform.Aws;
using HipaaTemplate.Platform.Secrets;
using HipaaTemplate.Platform.Secrets.Aws;
using HipaaTemplate.Tests.Harness.Aws;

namespace HipaaTemplate.Tests.Platform.Secrets.Aws;

/// <summary>Settings come from the secret as a whole and as they are meant, or not at all and with a reason.</summary>
internal sealed class AwsSecretSourceTests
{
    private const string Secret = "hipaa/production";
    private AwsDouble aws = null!;
    private AwsCredential user = null!;
    private AwsSecretSource source = null!;

    [SetUp]
    public async Task StartAsync()
    {
        aws = await AwsDouble.StartAsync();
        user = aws.NewUser("api");
        source = NewSource();
    }

    [TearDown]
    public async Task StopAsync()
    {
        source.Dispose();
        await aws.DisposeAsync();
    }

    [Test]
    public async Task Every_setting_of_the_secret_is_loaded_as_it_stands_there([Values] bool byArn)
    {
        aws.Secrets.Put(Secret, """{"DATABASE_APP_PASSWORD":"pä$$ \" \\ word","OIDC_CLIENT_ID":"","X1":"1"}""");
        using var own = NewSource(byArn ? SecretsDouble.ArnOf(Secret) : Secret);
        Assert.That(await own.LoadAsync(CancellationToken.None), Is.EquivalentTo(new Dictionary<string, string>
        {
            ["DATABASE_APP_PASSWORD"] = "pä$$ \" \\ word", ["OIDC_CLIENT_ID"] = "", ["X1"] = "1",
        }));
        Assert.That(aws.Calls.Select(call => call.ToString()), Is.EqualTo([$"secretsmanager:GetSecretValue by {user.Principal}: done"]));
    }

    [Test]
    public async Task An_empty_object_has_no_settings()
    {
        aws.Secrets.Put(Secret, "{}");
        Assert.That(await source.LoadAsync(CancellationToken.None), Is.Empty);
    }

    [Test]
    public async Task A_rotation_takes_effect_when_it_is_finished_and_not_before()
    {
        aws.Secrets.Put(Secret, """{"A":"old"}""");
        var pending = aws.Secrets.PutPending(Secret, """{"A":"new"}""");
        Assert.That((await source.LoadAsync(CancellationToken.None))["A"], Is.EqualTo("old"));
        aws.Secrets.Promote(Secret, pending);
        Assert.That((await source.LoadAsync(CancellationToken.None))["A"], Is.EqualTo("new"));
    }

    [Test]
    public async Task A_rotation_between_two_attempts_gives_one_version_or_the_other()
    {
        aws.Secrets.Put(Secret, """{"A":"old","B":"old"}""");
        var pending = aws.Secrets.PutPending(Secret, """{"A":"new","B":"new"}""");
        aws.Refuse = _ =>
        {
            aws.Refuse = null;
            aws.Secrets.Promote(Secret, pending);
            return new AwsRefusal("ThrottlingException", "Rate exceeded");
        };
        Assert.That((await source.LoadAsync(CancellationToken.None)).Values, Is.EqualTo(["new", "new"]));
        Assert.That(aws.Calls, Has.Count.EqualTo(2));
    }

    [TestCase(KeyServiceFault.Throttled)]
    [TestCase(KeyServiceFault.ServerError)]
    [TestCase(KeyServiceFault.Reset)]
    [TestCase(KeyServiceFault.ResetMidBody)]
    public async Task One_stumble_is_nothing(KeyServiceFault fault)
    {
        aws.Secrets.Put(Secret, """{"A":"1"}""");
        aws.Fail(fault, times: 1);
        Assert.That((await source.LoadAsync(CancellationToken.None))["A"], Is.EqualTo("1"));
        Assert.That(aws.Calls, Has.Count.EqualTo(2));
    }

    [TestCase(KeyServiceFault.Throttled, "ThrottlingException")]
    [TestCase(KeyServiceFault.ServerError, "InternalServiceError")]
    [TestCase(KeyServiceFault.Reset, "no answer of the service")]
    [TestCase(KeyServiceFault.NotJson, "no answer of the service")]
    [TestCase(KeyServiceFault.Down, "no answer of the service")]
    [TestCase(KeyServiceFault.Hang, "no answer in time")]
    public async Task A_service_out_of_order_is_named_by_its_code(KeyServiceFault fault, string reason)
    {
        aws.Secrets.Put(Secret, """{"A":"1"}""");
        aws.Fail(fault);
        Assert.That((await FailureAsync().WaitAsync(TimeSpan.FromSeconds(30))).Message, Does.StartWith(reason));
    }

    [Test]
    public async Task Who_may_not_read_it_is_told_once()
    {
        aws.Secrets.Put(Secret, """{"A":"1"}""");
        aws.Secrets.Policy = (_, _) => false;
        Assert.That((await FailureAsync()).Message, Is.EqualTo("AccessDeniedException"));
        Assert.That(aws.Calls, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task A_secret_that_is_missing_or_not_to_be_decrypted_is_named_by_the_code()
    {
        Assert.That((await FailureAsync()).Message, Is.EqualTo("ResourceNotFoundException"));
        aws.Secrets.Put(Secret, """{"A":"1"}""");
        aws.Secrets.LoseKeyOf(Secret);
        Assert.That((await FailureAsync()).Message, Is.EqualTo("DecryptionFailure"));
        Assert.That(aws.Calls, Has.Count.EqualTo(2));
    }

    [Test]
    public async Task A_secret_that_has_no_current_version_yet_is_missing()
    {
        aws.Secrets.PutPending(Secret, """{"A":"1"}""");
        Assert.That((await FailureAsync()).Message, Is.EqualTo("ResourceNotFoundException"));
    }

    [Test]
    public async Task Credentials_that_are_not_believed_are_named_by_the_code()
    {
        aws.Secrets.Put(Secret, """{"A":"1"}""");
        aws.Revoke(user);
        Assert.That((await FailureAsync()).Message, Is.EqualTo("UnrecognizedClientException"));
    }

    [Test]
    public async Task A_binary_secret_is_refused()
    {
        aws.Secrets.Put(Secret, """{"A":"1"}"""u8.ToArray());
        Assert.That((await FailureAsync()).Message, Does.Contain("binary"));
    }

    [TestCase("[]", "must be a JSON object")]
    [TestCase("\"hunter2\"", "must be a JSON object")]
    [TestCase("null", "must be a JSON object")]
    [TestCase("hunter2", "not in order as JSON")]
    [TestCase("", "not in order as JSON")]
    [TestCase("""{"A":"hunter2" """, "not in order as JSON")]
    [TestCase("""{"A":"hunter2"} x""", "not in order as JSON")]
    [TestCase("""{"A":"hunter2","A":"hunter3"}""", "has a name twice")]
    [TestCase("""{"hunter2":"A","hunter2":"B"}""", "has a name twice")]
    [TestCase("""{"A":"hunter2","PORT":8000}""", "PORT is no text")]
    [TestCase("""{"A":"hunter2","B":true}""", "B is no text")]
    [TestCase("""{"A":"hunter2","B":null}""", "B is no text")]
    [TestCase("""{"A":{"B":"hunter2"}}""", "A is no text")]
    [TestCase("""{"A":["hunter2"]}""", "A is no text")]
    [TestCase("""{"hunter2":"A"}""", "has a name that no setting has")]
    [TestCase("""{"":"hunter2"}""", "has a name that no setting has")]
    public async Task Anything_but_names_and_texts_is_refused_without_saying_what_it_was(string secret, string reason)
    {
        aws.Secrets.Put(Secret, secret);
        var failure = await FailureAsync();
        Assert.That(failure.Message, Does.Contain(reason));
        // The whole of it, with whatever is inside.
        Assert.That(failure.ToString(), Does.Not.Contain("hunter"));
    }

    [Test]
    public void A_caller_s_deadline_is_kept()
    {
        aws.Fail(KeyServiceFault.Hang);
        using var deadline = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        var clock = Stopwatch.StartNew();
        Assert.That(() => source.LoadAsync(deadline.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(clock.Elapsed, Is.LessThan(TimeSpan.FromSeconds(2)));
    }

    private AwsSecretSource NewSource(string secret = Secret) => new(
        new AwsSettings { Region = AwsDouble.Region, EndpointUrl = aws.Address, SecretId = secret }, user.ForSdk());

    private async Task<SecretSourceException> FailureAsync()
    {
        try
        {
            await source.LoadAsync(CancellationToken.None);
        }
        catch (SecretSourceException failure)
        {
            foreach (var text in new[] { Secret, "127.0.0.1", "://", AwsDouble.Account }.Concat(aws.SecretTexts))
            {
                Assert.That(failure.Message.Contains(text, StringComparison.OrdinalIgnoreCase), Is.False, "A text holds what it must not.");
            }

            return failure;
        }

        throw new AssertionException("It was loaded.");
    }
}
