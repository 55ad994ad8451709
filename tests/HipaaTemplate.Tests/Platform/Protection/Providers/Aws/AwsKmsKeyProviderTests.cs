using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Amazon.Runtime;
using HipaaTemplate.Platform.Aws;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Protection.Providers.Aws;
using HipaaTemplate.Platform.Tenancy;
using HipaaTemplate.Tests.Harness.Aws;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using NUnit.Framework.Constraints;

namespace HipaaTemplate.Tests.Platform.Protection.Providers.Aws;

/// <summary>What is AWS's own beside the contract: how KMS is asked, and what each of its words means.</summary>
internal sealed class AwsKmsKeyProviderTests
{
    private AwsKmsStage stage = null!;
    private IKeyProvider provider = null!;
    private KeyContext context = null!;

    private static IEnumerable<TestCaseData> Spoilt =>
    [
        Spoil("no key", answer => answer.Remove("Plaintext")),
        Spoil("a key of no bytes", answer => answer["Plaintext"] = ""),
        Spoil("a key of 33 bytes", answer => answer["Plaintext"] = Convert.ToBase64String(new byte[33])),
        Spoil("no wrapped key", answer => answer.Remove("CiphertextBlob")),
        Spoil("a wrapped key that is too long", answer => answer["CiphertextBlob"] = Convert.ToBase64String(new byte[1025])),
        Spoil("a wrapped key no longer than the key", answer => answer["CiphertextBlob"] = answer["Plaintext"]!.GetValue<string>()),
        Spoil("no key id", answer => answer.Remove("KeyId")),
        Spoil("an alias for a key id", answer => answer["KeyId"] = "alias/records"),
        Spoil("nothing", answer => answer.Clear()),
    ];

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        stage = await AwsKmsStage.StartAsync();
        provider = stage.NewProvider();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        ((IDisposable)provider).Dispose();
        await stage.DisposeAsync();
    }

    [SetUp]
    public void NewContext() => context = new("production", TenantId.From(Guid.CreateVersion7()), DataClass.Record, 3);

    [TearDown]
    public void Repair()
    {
        stage.Fail(null);
        stage.Aws.Refuse = null;
        stage.Aws.Alter = null;
        stage.Aws.PageStatus = StatusCodes.Status200OK;
    }

    [Test]
    public async Task KMS_is_told_what_the_key_is_for_each_time()
    {
        var before = stage.Aws.Calls.Count;
        var generated = await provider.GenerateAsync(context, CancellationToken.None);
        var rewrapped = await provider.RewrapAsync(generated.Wrapped, context, CancellationToken.None);
        await provider.UnwrapAsync(rewrapped, context, CancellationToken.None);

        var calls = stage.Aws.Calls.Skip(before).ToList();
        Assert.That(calls.Select(call => call.Operation), Is.EqualTo(["GenerateDataKey", "ReEncrypt", "Decrypt"]));
        Assert.That(calls.Select(call => call.EncryptionContext), Has.All.EquivalentTo(new Dictionary<string, string>
        {
            ["app"] = "hipaa-template", ["env"] = "production", ["purpose"] = "tenant-key", ["class"] = "record", ["version"] = "3",
            ["tenant"] = context.Tenant!.Value.ToString(),
        }));
        Assert.That(Member(calls[1], "SourceEncryptionContext").ToJsonString(), Is.EqualTo(Member(calls[1], "DestinationEncryptionContext").ToJsonString()));
        // The key that wrapped it is named, so that KMS takes no other.
        Assert.That((string?)Member(calls[1], "SourceKeyId"), Is.EqualTo(stage.Key.Arn));
        Assert.That((string?)Member(calls[2], "KeyId"), Is.EqualTo(stage.Key.Arn));
    }

    [Test]
    public async Task No_key_crosses_but_in_the_answers_that_are_asked_for_one()
    {
        var before = stage.Aws.Calls.Count;
        var generated = await provider.GenerateAsync(context, CancellationToken.None);
        var rewrapped = await provider.RewrapAsync(generated.Wrapped, context, CancellationToken.None);
        await provider.UnwrapAsync(rewrapped, context, CancellationToken.None);

        var clear = Convert.ToBase64String(generated.Plaintext);
        var calls = stage.Aws.Calls.Skip(before).ToList();
        Assert.That(calls.Where(call => Encoding.UTF8.GetString(call.Request).Contains(clear, StringComparison.Ordinal)), Is.Empty);
        Assert.That(
            calls.Where(call => Answered(call, "Plaintext") == clear).Select(call => call.Operation),
            Is.EqualTo(["GenerateDataKey", "Decrypt"]));
    }

    [Test]
    public async Task A_key_may_be_named_in_four_ways_and_is_remembered_by_its_ARN([Range(0, 3)] int form)
    {
        var name = new[] { stage.KeyId, stage.Key.Id, stage.Key.Arn, stage.Key.Arn.Replace($"key/{stage.Key.Id}", stage.KeyId, StringComparison.Ordinal) }[form];
        using var own = (AwsKmsKeyProvider)stage.NewProvider(new Dictionary<string, string> { ["KEY_ID"] = name });
        var generated = await own.GenerateAsync(context, CancellationToken.None);
        Assert.That(generated.Wrapped.KeyId, Is.EqualTo(stage.Key.Arn));
        Assert.That(await own.UnwrapAsync(generated.Wrapped, context, CancellationToken.None), Is.EqualTo(generated.Plaintext));
    }

    [Test]
    public void A_new_key_of_another_name_than_was_asked_for_is_not_believed([Values] bool byArn)
    {
        using var own = (AwsKmsKeyProvider)stage.NewProvider(
            new Dictionary<string, string> { ["KEY_ID"] = byArn ? stage.Key.Arn : stage.Key.Id });
        stage.Fail(KeyServiceFault.WrongKeyId);
        Assert.That(() => own.GenerateAsync(context, CancellationToken.None), ThrowsFault(KeyProviderFault.NotAuthentic));
    }

    [TestCaseSource(nameof(Spoilt))]
    public void A_new_key_is_not_believed_when_the_answer_has(Action<JsonObject> spoil)
    {
        stage.Aws.Alter = (_, answer) => spoil(answer);
        Assert.That(() => provider.GenerateAsync(context, CancellationToken.None), ThrowsFault(KeyProviderFault.NotAuthentic));
    }

    [Test]
    public async Task A_rewrapped_key_is_under_the_newest_backing_key()
    {
        var generated = await provider.GenerateAsync(context, CancellationToken.None);
        stage.RotateKey(stage.KeyId);
        var rewrapped = await provider.RewrapAsync(generated.Wrapped, context, CancellationToken.None);
        Assert.That(
            KmsDouble.BackingKeyOf(rewrapped.Bytes), Is.EqualTo(KmsDouble.BackingKeyOf(generated.Wrapped.Bytes) + 1));
    }

    [TestCase(KeyServiceFault.Throttled)]
    [TestCase(KeyServiceFault.ServerError)]
    [TestCase(KeyServiceFault.Reset)]
    public async Task One_stumble_is_nothing_to_the_caller(KeyServiceFault fault)
    {
        var before = stage.Calls;
        stage.Aws.Fail(fault, times: 1);
        await provider.GenerateAsync(context, CancellationToken.None);
        Assert.That(stage.Calls - before, Is.EqualTo(2));
    }

    [TestCase("ThrottlingException", 400, KeyProviderFault.Unavailable)]
    [TestCase("KMSInternalException", 500, KeyProviderFault.Unavailable)]
    [TestCase("DependencyTimeoutException", 503, KeyProviderFault.Unavailable)]
    [TestCase("KeyUnavailableException", 500, KeyProviderFault.Unavailable)]
    [TestCase("SomethingNew", 502, KeyProviderFault.Unavailable)]
    [TestCase("DisabledException", 400, KeyProviderFault.Refused)]
    [TestCase("KMSInvalidStateException", 400, KeyProviderFault.Refused)]
    [TestCase("NotFoundException", 400, KeyProviderFault.Refused)]
    [TestCase("AccessDeniedException", 400, KeyProviderFault.Refused)]
    [TestCase("InvalidGrantTokenException", 400, KeyProviderFault.Refused)]
    [TestCase("InvalidKeyUsageException", 400, KeyProviderFault.Refused)]
    [TestCase("UnrecognizedClientException", 400, KeyProviderFault.Refused)]
    [TestCase("ExpiredTokenException", 400, KeyProviderFault.Refused)]
    [TestCase("SomethingNew", 400, KeyProviderFault.Refused)]
    [TestCase("InvalidCiphertextException", 400, KeyProviderFault.NotAuthentic)]
    [TestCase("IncorrectKeyException", 400, KeyProviderFault.NotAuthentic)]
    [TestCase("ValidationException", 400, KeyProviderFault.NotAuthentic)]
    public async Task Every_word_of_KMS_has_one_meaning(string code, int status, KeyProviderFault fault)
    {
        var (_, wrapped) = await provider.GenerateAsync(context, CancellationToken.None);
        stage.Aws.Refuse = _ => new AwsRefusal(code, $"a text that names {stage.Key.Arn}", status);
        Assert.That(
            () => provider.UnwrapAsync(wrapped, context, CancellationToken.None),
            ThrowsFault(fault).And.Property(nameof(KeyProviderException.Reason)).EqualTo(code));
    }

    [Test]
    public void A_key_id_that_KMS_cannot_read_is_no_forgery()
    {
        stage.Aws.Refuse = _ => new AwsRefusal("ValidationException", "Invalid keyId");
        Assert.That(() => provider.GenerateAsync(context, CancellationToken.None), ThrowsFault(KeyProviderFault.Refused));
    }

    [TestCase(StatusCodes.Status403Forbidden)]
    [TestCase(StatusCodes.Status404NotFound)]
    [TestCase(StatusCodes.Status407ProxyAuthenticationRequired)]
    public void A_page_of_somebody_in_between_is_an_outage_whatever_its_status(int status)
    {
        stage.Aws.PageStatus = status;
        stage.Fail(KeyServiceFault.NotJson);
        Assert.That(() => provider.GenerateAsync(context, CancellationToken.None), ThrowsFault(KeyProviderFault.Unavailable));
    }

    [TestCase("Please sign in at intranet.example")]
    [TestCase("<b>")]
    [TestCase("Disabled-Exception")]
    public void A_code_that_can_be_none_of_KMS_is_an_outage_and_is_not_repeated(string code)
    {
        stage.Aws.Refuse = _ => new AwsRefusal(code, "");
        Assert.That(
            () => provider.GenerateAsync(context, CancellationToken.None),
            ThrowsFault(KeyProviderFault.Unavailable).And.Property(nameof(KeyProviderException.Reason)).Not.Contain(code));
    }

    [Test]
    public void Credentials_that_KMS_does_not_believe_are_refused([Range(0, 4)] int kind)
    {
        var good = stage.Aws.NewUser("other");
        var session = stage.Aws.NewSession("a role", TimeSpan.FromHours(1));
        var credential = new[]
        {
            good with { SecretAccessKey = "other" },
            good with { AccessKeyId = "unknown" },
            session with { SessionToken = null },
            session with { SessionToken = "other" },
            stage.Aws.NewSession("a role", TimeSpan.FromHours(-1)),
        }[kind];
        using var own = stage.NewProvider(credential);
        Assert.That(() => own.GenerateAsync(context, CancellationToken.None), ThrowsFault(KeyProviderFault.Refused));
    }

    [Test]
    public async Task Temporary_credentials_are_believed_with_their_token()
    {
        using var own = stage.NewProvider(stage.Aws.NewSession("a role", TimeSpan.FromHours(1)));
        Assert.That((await own.GenerateAsync(context, CancellationToken.None)).Plaintext, Has.Length.EqualTo(32));
        Assert.That(stage.Aws.Calls[^1].Principal, Is.EqualTo("a role"));
    }

    [Test]
    public void A_signature_for_another_region_is_refused()
    {
        using var own = (AwsKmsKeyProvider)stage.NewProvider(new Dictionary<string, string> { ["AWS_REGION"] = "us-east-1" });
        Assert.That(() => own.GenerateAsync(context, CancellationToken.None), ThrowsFault(KeyProviderFault.Refused));
    }

    [Test]
    public void A_caller_s_deadline_is_kept_while_the_SDK_looks_for_credentials([Values] bool holdsTheThread)
    {
        using var own = new AwsKmsKeyProvider(
            Options.Create(new KeyProviderSettings { KeyId = stage.KeyId }),
            Options.Create(new AwsSettings { Region = AwsDouble.Region, EndpointUrl = stage.Aws.Address }),
            new SlowCredentials(holdsTheThread));
        using var deadline = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        var clock = Stopwatch.StartNew();
        Assert.That(() => own.GenerateAsync(context, deadline.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(clock.Elapsed, Is.LessThan(TimeSpan.FromSeconds(2)));
    }

    [Test]
    public void Credentials_that_cannot_be_fetched_are_an_outage()
    {
        using var own = new AwsKmsKeyProvider(
            Options.Create(new KeyProviderSettings { KeyId = stage.KeyId }),
            Options.Create(new AwsSettings { Region = AwsDouble.Region, EndpointUrl = stage.Aws.Address }),
            new BrokenCredentials());
        Assert.That(() => own.GenerateAsync(context, CancellationToken.None), ThrowsFault(KeyProviderFault.Unavailable));
    }

    [Test]
    public void What_the_SDK_decoded_a_key_into_is_wiped([Values] bool isExposed)
    {
        byte[] bytes = [.. Enumerable.Repeat((byte)7, 32)];
        using var stream = new MemoryStream(bytes, 0, bytes.Length, writable: true, publiclyVisible: isExposed);
        KmsCall.Wipe(stream);
        Assert.That(bytes, Has.All.Zero);
    }

    private static EqualConstraint<KeyProviderFault> ThrowsFault(KeyProviderFault fault) => Throws
        .InstanceOf<KeyProviderException>().With.Property(nameof(KeyProviderException.Fault)).EqualTo(fault);

    private static JsonNode Member(RecordedCall call, string name) => JsonNode.Parse(call.Request)![name]!;

    private static string? Answered(RecordedCall call, string name) => (string?)JsonNode.Parse(call.Answer)![name];

    private static TestCaseData Spoil(string name, Action<JsonObject> spoil) => new TestCaseData(spoil).SetArgDisplayNames(name);

    /// <summary>As the metadata service of a machine that has none.</summary>
    private sealed class SlowCredentials(bool holdsTheThread) : AWSCredentials
    {
        public override ImmutableCredentials GetCredentials() => throw new NotSupportedException();

        public override async Task<ImmutableCredentials> GetCredentialsAsync()
        {
            if (holdsTheThread)
            {
                Thread.Sleep(TimeSpan.FromSeconds(4));
            }

            await Task.Delay(TimeSpan.FromSeconds(4));
            throw new AmazonClientException("none");
        }
    }

    private sealed class BrokenCredentials : AWSCredentials
    {
        public override ImmutableCredentials GetCredentials() => throw new AmazonClientException("none");

        public override Task<ImmutableCredentials> GetCredentialsAsync() => throw new AmazonClientException("none");
    }
}
