using System.Security.Cryptography;
using System.Text;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;
using Amazon.SecurityToken;
using Amazon.SecurityToken.Model;
using HipaaTemplate.Platform.Aws;
using HipaaTemplate.Tests.Harness.Aws;
using KeyState = Amazon.KeyManagementService.KeyState;

namespace HipaaTemplate.Tests.Platform.Aws;

/// <summary>The double is worth what it refuses: asked by the real SDK, it says what AWS documents.</summary>
internal sealed class AwsDoubleTests
{
    private AwsDouble aws = null!;
    private AwsCredential user = null!;
    private AmazonKeyManagementServiceClient kms = null!;
    private KmsKey key = null!;

    [SetUp]
    public async Task StartAsync()
    {
        aws = await AwsDouble.StartAsync();
        user = aws.NewUser("api");
        kms = NewKms(user);
        key = aws.Kms.NewKey();
    }

    [TearDown]
    public async Task StopAsync()
    {
        kms.Dispose();
        await aws.DisposeAsync();
    }

    [Test]
    public async Task What_is_encrypted_opens_with_its_context_in_any_order_and_with_no_other()
    {
        var encrypted = await kms.EncryptAsync(new EncryptRequest
        {
            KeyId = key.Arn, Plaintext = Stream("text"), EncryptionContext = new() { ["a"] = "1", ["b"] = "2" },
        });
        Task<DecryptResponse> DecryptAsync(Dictionary<string, string> context) => kms.DecryptAsync(
            new DecryptRequest { CiphertextBlob = encrypted.CiphertextBlob, EncryptionContext = context });
        Assert.That((await DecryptAsync(new() { ["b"] = "2", ["a"] = "1" })).Plaintext.ToArray(), Is.EqualTo("text"u8.ToArray()));
        Assert.That(() => DecryptAsync(new() { ["a"] = "1" }), Throws.InstanceOf<InvalidCiphertextException>());
        Assert.That(() => DecryptAsync(new() { ["a"] = "2", ["b"] = "1" }), Throws.InstanceOf<InvalidCiphertextException>());
        Assert.That(() => DecryptAsync(new() { ["a"] = "1", ["b"] = "2", ["c"] = "" }), Throws.InstanceOf<InvalidCiphertextException>());
    }

    [Test]
    public async Task A_plaintext_has_at_most_4_KiB([Values(4096, 4097)] int length)
    {
        Task<EncryptResponse> EncryptAsync() => kms.EncryptAsync(new EncryptRequest { KeyId = key.Arn, Plaintext = new MemoryStream(new byte[length]) });
        if (length <= 4096)
        {
            Assert.That((await EncryptAsync()).KeyId, Is.EqualTo(key.Arn));
        }
        else
        {
            Assert.That(EncryptAsync, ThrowsCode("ValidationException"));
        }
    }

    [Test]
    public async Task A_key_without_its_plaintext_opens_to_one()
    {
        var generated = await kms.GenerateDataKeyWithoutPlaintextAsync(
            new GenerateDataKeyWithoutPlaintextRequest { KeyId = key.Arn, KeySpec = DataKeySpec.AES_256 });
        var opened = await kms.DecryptAsync(new DecryptRequest { CiphertextBlob = generated.CiphertextBlob });
        Assert.That(opened.Plaintext.ToArray(), Has.Length.EqualTo(32));
    }

    [Test]
    public async Task A_key_lives_through_its_states()
    {
        async Task<KeyState> StateAsync() => (await kms.DescribeKeyAsync(new DescribeKeyRequest { KeyId = key.Id })).KeyMetadata.KeyState;
        Task UseAsync() => kms.EncryptAsync(new EncryptRequest { KeyId = key.Arn, Plaintext = Stream("x") });
        await kms.DisableKeyAsync(new DisableKeyRequest { KeyId = key.Id });
        Assert.That(await StateAsync(), Is.EqualTo(KeyState.Disabled));
        Assert.That(UseAsync, Throws.InstanceOf<DisabledException>());
        await kms.EnableKeyAsync(new EnableKeyRequest { KeyId = key.Id });
        await UseAsync();
        Assert.That(
            () => kms.ScheduleKeyDeletionAsync(new ScheduleKeyDeletionRequest { KeyId = key.Id, PendingWindowInDays = 6 }),
            ThrowsCode("ValidationException"));
        var scheduled = await kms.ScheduleKeyDeletionAsync(new ScheduleKeyDeletionRequest { KeyId = key.Id, PendingWindowInDays = 7 });
        Assert.That(scheduled.PendingWindowInDays, Is.EqualTo(7));
        Assert.That(await StateAsync(), Is.EqualTo(KeyState.PendingDeletion));
        Assert.That(UseAsync, Throws.InstanceOf<KMSInvalidStateException>());
        await kms.CancelKeyDeletionAsync(new CancelKeyDeletionRequest { KeyId = key.Id });
        Assert.That(await StateAsync(), Is.EqualTo(KeyState.Disabled));
        // The end of the seven days.
        key.DeletedAt = TimeProvider.System.GetUtcNow().AddSeconds(-1);
        Assert.That(UseAsync, Throws.InstanceOf<NotFoundException>());
    }

    [Test]
    public async Task A_policy_is_for_a_principal_and_an_operation()
    {
        key.Policy = (principal, operation) => principal == user.Principal && operation != "Decrypt";
        var encrypted = await kms.EncryptAsync(new EncryptRequest { KeyId = key.Arn, Plaintext = Stream("x") });
        Assert.That(
            () => kms.DecryptAsync(new DecryptRequest { CiphertextBlob = encrypted.CiphertextBlob }), ThrowsCode("AccessDeniedException"));
        using var other = NewKms(aws.NewUser("other"));
        Assert.That(
            () => other.EncryptAsync(new EncryptRequest { KeyId = key.Arn, Plaintext = Stream("x") }), ThrowsCode("AccessDeniedException"));
    }

    [Test]
    public async Task A_signature_is_verified_by_KMS_and_by_whoever_has_the_public_key([Values] bool isDigest)
    {
        var signer = aws.Kms.NewKey(signs: true);
        var message = isDigest ? SHA256.HashData("message"u8) : "message"u8.ToArray();
        var type = isDigest ? MessageType.DIGEST : MessageType.RAW;
        var signed = await kms.SignAsync(new SignRequest
        {
            KeyId = signer.Arn, Message = new MemoryStream(message), MessageType = type, SigningAlgorithm = SigningAlgorithmSpec.ECDSA_SHA_256,
        });
        var published = await kms.GetPublicKeyAsync(new GetPublicKeyRequest { KeyId = signer.Arn });
        using var ec = ECDsa.Create();
        ec.ImportSubjectPublicKeyInfo(published.PublicKey.ToArray(), out _);
        Assert.That(published.KeySpec, Is.EqualTo(KeySpec.ECC_NIST_P256));
        Assert.That(
            ec.VerifyData("message"u8, signed.Signature.ToArray(), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence), Is.True);

        Task<VerifyResponse> VerifyAsync(byte[] of) => kms.VerifyAsync(new VerifyRequest
        {
            KeyId = signer.Arn, Message = new MemoryStream(of), MessageType = type, Signature = signed.Signature,
            SigningAlgorithm = SigningAlgorithmSpec.ECDSA_SHA_256,
        });
        Assert.That((await VerifyAsync(message)).SignatureValid, Is.True);
        message[0] ^= 1;
        Assert.That(() => VerifyAsync(message), Throws.InstanceOf<KMSInvalidSignatureException>());
    }

    [Test]
    public void A_key_does_only_what_it_is_for()
    {
        var signer = aws.Kms.NewKey(signs: true);
        Assert.That(
            () => kms.EncryptAsync(new EncryptRequest { KeyId = signer.Arn, Plaintext = Stream("x") }), Throws.InstanceOf<InvalidKeyUsageException>());
        Assert.That(
            () => kms.SignAsync(new SignRequest { KeyId = key.Arn, Message = Stream("x"), SigningAlgorithm = SigningAlgorithmSpec.ECDSA_SHA_256 }),
            Throws.InstanceOf<InvalidKeyUsageException>());
    }

    [Test]
    public async Task A_role_that_was_assumed_is_believed_for_as_long_as_it_lasts()
    {
        aws.Sts.AddRole("worker", caller => caller == user.Principal);
        using var sts = NewSts(user.ForSdk());
        Assert.That((await sts.GetCallerIdentityAsync(new GetCallerIdentityRequest())).Arn, Is.EqualTo(user.Principal));
        var request = new AssumeRoleRequest { RoleArn = StsDouble.RoleArn("worker"), RoleSessionName = "one" };
        var assumed = (await sts.AssumeRoleAsync(request)).Credentials;
        using var worker = NewKms(assumed);
        await worker.DescribeKeyAsync(new DescribeKeyRequest { KeyId = key.Arn });
        Assert.That(aws.Calls[^1].Principal, Is.EqualTo(StsDouble.SessionArn("worker", "one")));

        aws.Sts.Lasts = TimeSpan.FromSeconds(-1);
        using var late = NewKms((await sts.AssumeRoleAsync(request)).Credentials);
        Assert.That(() => late.DescribeKeyAsync(new DescribeKeyRequest { KeyId = key.Arn }), ThrowsCode("ExpiredTokenException"));
    }

    [Test]
    public void A_role_is_assumed_by_whom_it_trusts_only()
    {
        aws.Sts.AddRole("worker", caller => caller == "somebody else");
        using var sts = NewSts(user.ForSdk());
        Assert.That(
            () => sts.AssumeRoleAsync(new AssumeRoleRequest { RoleArn = StsDouble.RoleArn("worker"), RoleSessionName = "one" }),
            ThrowsCode("AccessDenied"));
        using var stranger = NewSts(new BasicAWSCredentials("unknown", "unknown"));
        Assert.That(() => stranger.GetCallerIdentityAsync(new GetCallerIdentityRequest()), ThrowsCode("InvalidClientTokenId"));
    }

    [Test]
    public async Task A_web_identity_needs_a_token_that_somebody_issued()
    {
        aws.Sts.AddRole("pod", subject => subject == "pod");
        aws.Sts.Trust("good", "pod");
        using var sts = NewSts(new AnonymousAWSCredentials());
        Task<AssumeRoleWithWebIdentityResponse> AssumeAsync(string token) => sts.AssumeRoleWithWebIdentityAsync(
            new AssumeRoleWithWebIdentityRequest { RoleArn = StsDouble.RoleArn("pod"), RoleSessionName = "one", WebIdentityToken = token });
        Assert.That((await AssumeAsync("good")).Credentials.SessionToken, Is.Not.Empty);
        Assert.That(() => AssumeAsync("forged"), Throws.InstanceOf<InvalidIdentityTokenException>());
    }

    [Test]
    public async Task A_request_that_is_not_signed_gets_nothing()
    {
        using var client = new HttpClient { BaseAddress = aws.Address };
        using var content = new StringContent($$"""{"KeyId":"{{key.Arn}}","KeySpec":"AES_256"}""");
        content.Headers.Add("X-Amz-Target", "TrentService.GenerateDataKey");
        var answer = await client.PostAsync("/", content);
        Assert.That((int)answer.StatusCode, Is.EqualTo(400));
        Assert.That(await answer.Content.ReadAsStringAsync(), Does.Contain("MissingAuthenticationTokenException").And.Not.Contain("Plaintext"));
    }

    [Test]
    public async Task The_container_s_credentials_are_for_who_shows_its_token()
    {
        using var client = new HttpClient();
        Assert.That((int)(await client.GetAsync(aws.ContainerAddress)).StatusCode, Is.EqualTo(401));
    }

    private static MemoryStream Stream(string text) => new(Encoding.UTF8.GetBytes(text));

    private static NUnit.Framework.Constraints.EqualStringConstraint ThrowsCode(string code) =>
        Throws.InstanceOf<AmazonServiceException>().With.Property(nameof(AmazonServiceException.ErrorCode)).EqualTo(code);

    private AmazonKeyManagementServiceClient NewKms(AwsCredential credential) => NewKms(credential.ForSdk());

    private AmazonKeyManagementServiceClient NewKms(AWSCredentials credentials) =>
        new(credentials, Settings().Configure(new AmazonKeyManagementServiceConfig()));

    private AmazonSecurityTokenServiceClient NewSts(AWSCredentials credentials) =>
        new(credentials, Settings().Configure(new AmazonSecurityTokenServiceConfig()));

    private AwsSettings Settings() => new() { Region = AwsDouble.Region, EndpointUrl = aws.Address };
}
