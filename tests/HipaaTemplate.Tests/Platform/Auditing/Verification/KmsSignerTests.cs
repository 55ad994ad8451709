using System.Security.Cryptography;
using System.Text;
using Amazon.KeyManagementService;
using HipaaTemplate.Platform.Auditing;
using HipaaTemplate.Platform.Auditing.Export;
using HipaaTemplate.Platform.Auditing.Log;
using HipaaTemplate.Platform.Auditing.Sealing;
using HipaaTemplate.Platform.Auditing.Verification;
using HipaaTemplate.Platform.Aws;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Tests.Compliance;
using HipaaTemplate.Tests.Harness.Aws;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Platform.Auditing.Verification;

/// <summary>Seals that a key of AWS KMS signs.</summary>
[NonParallelizable]
internal sealed class KmsSignerTests
{
    private const string Alias = "alias/audit";

    private AwsDouble aws = null!;
    private KmsKey key = null!;
    private AwsCredential user = null!;
    private ApiHost local = null!;
    private string url = null!;
    private Clinic clinic = null!;

    [SetUp]
    public async Task StartAsync()
    {
        aws = await AwsDouble.StartAsync();
        key = aws.Kms.NewKey(signs: true);
        aws.Kms.SetAlias(Alias, key);
        user = aws.NewUser("sealer");
        (local, url) = await App.NewApiAsync();
        clinic = await App.NewClinicAsync(local);
    }

    [TearDown]
    public async Task StopAsync()
    {
        await local.DisposeAsync();
        await aws.DisposeAsync();
    }

    [Test]
    [Hipaa(Citations.Integrity)]
    public async Task A_trail_goes_on_from_a_local_key_to_one_of_kms_and_on_and_all_keys_stay_listed()
    {
        await using var remote = NewHost(Alias);
        await SealAsync(local);
        await SealAsync(remote);
        var next = aws.Kms.NewKey(signs: true);
        await using var later = NewHost(next.Id);
        await SealAsync(later);
        await SealAsync(local);
        await SealAsync(later);

        var log = AuditLog.Of(clinic.Id, TimeProvider.System.GetUtcNow());
        using var bundle = new StringWriter();
        await later.Services.GetRequiredService<AuditExport>().BundleAsync(log, bundle, CancellationToken.None);
        using var keys = new StringWriter();
        await later.Services.GetRequiredService<AuditKeyFile>().WriteAsync(log, keys, CancellationToken.None);
        Assert.That(keys.ToString().Split('\n').Count(line => line.StartsWith("hipaa-template+", StringComparison.Ordinal)), Is.EqualTo(3));
        Assert.That(keys.ToString(), Does.Contain(Line(key)).And.Contain(Line(next)));
        await Verifiers.ShouldBeAsync(Verdict.Clean, new Evidence(Encoding.UTF8.GetBytes(bundle.ToString()), keys.ToString(), null));
        var others = keys.ToString().Replace($"{Line(next)}\n", "", StringComparison.Ordinal);
        await Verifiers.ShouldBeAsync(Verdict.Tampered, new Evidence(Encoding.UTF8.GetBytes(bundle.ToString()), others, null));
    }

    [Test]
    public async Task It_is_asked_once_a_seal_and_not_when_there_is_nothing_to_seal()
    {
        await using var remote = NewHost(Alias);
        await SealAsync(remote);
        await SealAsync(remote);
        Assert.That(await remote.Services.GetRequiredService<Sealer>().SealAsync(CancellationToken.None), Is.Zero);

        Assert.That(aws.Calls.Select(call => call.Operation), Is.EqualTo(new[] { "GetPublicKey", "Sign", "Sign" }));
    }

    [TestCase(KeyServiceFault.Throttled)]
    [TestCase(KeyServiceFault.ServerError)]
    [TestCase(KeyServiceFault.Reset)]
    [TestCase(KeyServiceFault.Down)]
    public async Task While_it_is_away_nothing_is_sealed_and_afterwards_everything(KeyServiceFault fault)
    {
        await using var remote = NewHost(Alias);
        await SealAsync(remote);
        aws.Fail(fault);
        for (var i = 0; i < 3; i++)
        {
            await WriteAsync(remote);
            Assert.That(
                () => remote.Services.GetRequiredService<Sealer>().SealAsync(CancellationToken.None),
                Throws.InstanceOf<KeyProviderException>().With.Property(nameof(KeyProviderException.Fault)).EqualTo(KeyProviderFault.Unavailable));
        }

        aws.Fail(null);
        await Horizon.PassesAsync(url);
        Assert.That(await remote.Services.GetRequiredService<Sealer>().SealAsync(CancellationToken.None), Is.EqualTo(3));
    }

    [Test]
    public async Task A_key_that_is_disabled_or_of_another_kind_or_not_for_us_is_refused_by_name()
    {
        await using (var remote = NewHost(Alias))
        {
            await SealAsync(remote);
            await WriteAsync(remote);
            key.IsEnabled = false;
            ShouldBeRefused(remote, "DisabledException");
            key.IsEnabled = true;
        }

        await using (var symmetric = NewHost(aws.Kms.NewKey().Id))
        {
            ShouldBeRefused(symmetric, "InvalidKeyUsageException");
        }

        var foreign = aws.Kms.NewKey(signs: true);
        foreign.Policy = (_, _) => false;
        await using (var other = NewHost(foreign.Arn))
        {
            ShouldBeRefused(other, "AccessDeniedException");
        }

        aws.Alter = (operation, answer) => answer["KeySpec"] = operation == "GetPublicKey" ? "ECC_NIST_P384" : answer["KeySpec"]?.DeepClone();
        await using var larger = NewHost(key.Id);
        ShouldBeRefused(larger, "P-256");
    }

    [Test]
    [Hipaa(Citations.Integrity)]
    public async Task A_signature_of_another_key_is_not_taken()
    {
        await using var remote = NewHost(Alias);
        await SealAsync(remote);
        await WriteAsync(remote);
        var other = aws.Kms.NewKey(signs: true);
        aws.Alter = (_, answer) => answer["Signature"] = Convert.ToBase64String(
            other.Signer!.SignData("x"u8, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));

        Assert.That(
            () => remote.Services.GetRequiredService<Sealer>().SealAsync(CancellationToken.None),
            Throws.InstanceOf<KeyProviderException>().With.Property(nameof(KeyProviderException.Fault)).EqualTo(KeyProviderFault.NotAuthentic));
    }

    private static void ShouldBeRefused(ApiHost host, string reason) => Assert.That(
        () => host.Services.GetRequiredService<Sealer>().SealAsync(CancellationToken.None),
        Throws.InstanceOf<KeyProviderException>().With.Property(nameof(KeyProviderException.Fault)).EqualTo(KeyProviderFault.Refused)
            .And.Property(nameof(KeyProviderException.Reason)).Matches($"^AUDIT_SIGNING_KEY_ID: .*{reason}"));

    private static string Line(KmsKey key) => NoteKey.TryCreate("hipaa-template", key.Signer!.ExportSubjectPublicKeyInfo(), out var note)
        ? note.Format()
        : throw new InvalidOperationException("The double's key is none.");

    private ApiHost NewHost(string keyId) => new(
        url, App.Issuer,
        new Dictionary<string, string> { ["AUDIT_SIGNING_KEY_ID"] = keyId, ["AWS_REGION"] = AwsDouble.Region, ["AWS_ENDPOINT_URL"] = aws.Address.ToString() },
        services => services.AddSingleton(new Lazy<IAmazonKeyManagementService>(() => new AmazonKeyManagementServiceClient(
            user.ForSdk(), new AwsSettings { Region = AwsDouble.Region, EndpointUrl = aws.Address }.Configure(new AmazonKeyManagementServiceConfig())))));

    private async Task SealAsync(ApiHost host)
    {
        await WriteAsync(host);
        await Horizon.PassesAsync(url);
        Assert.That(await host.Services.GetRequiredService<Sealer>().SealAsync(CancellationToken.None), Is.Positive);
    }

    private async Task WriteAsync(ApiHost host)
    {
        await using var work = TenantWork.Of(local, clinic.Id);
        await host.Services.GetRequiredService<AuditTrail>().WriteAsync(
            AuditDraft.OfTenant(
                new AuditFacts(AuditAction.ReadRecords, AuditOutcome.Success, AuditActor.System("test")),
                clinic.Id,
                await work.Db.Keys!.ActiveAsync(DataClass.General, CancellationToken.None)),
            CancellationToken.None);
    }
}
