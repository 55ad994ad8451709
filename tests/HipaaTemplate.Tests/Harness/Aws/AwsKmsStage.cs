using HipaaTemplate.Platform.Aws;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Protection.Providers.Aws;
using HipaaTemplate.Platform.Settings;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Tests.Harness.Aws;

/// <summary>AWS KMS on the double, with a user of its own.</summary>
internal sealed class AwsKmsStage : KeyServiceStage
{
    private readonly AwsCredential user;

    private AwsKmsStage(AwsDouble aws)
    {
        Aws = aws;
        user = aws.NewUser("api");
        Key = aws.Kms.NewKey();
        OtherKey = aws.Kms.NewKey();
        aws.Kms.SetAlias(KeyId, Key);
        aws.Kms.SetAlias(OtherKeyId, OtherKey);
    }

    public AwsDouble Aws { get; }

    public KmsKey Key { get; }

    public KmsKey OtherKey { get; }

    public override string KeyId => "alias/records";

    public override string OtherKeyId => "alias/documents";

    public override int Calls => Aws.Calls.Count(call => call.Service == "kms");

    public override IReadOnlyList<string> Secrets => [.. Aws.SecretTexts, user.Principal, AwsDouble.Account, Key.Id, OtherKey.Id];

    public static async Task<AwsKmsStage> StartAsync() => new(await AwsDouble.StartAsync());

    public override IKeyProvider NewProvider(IReadOnlyDictionary<string, string>? settings = null) => NewProvider(user, settings);

    public AwsKmsKeyProvider NewProvider(AwsCredential credential, IReadOnlyDictionary<string, string>? settings = null)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["KEY_PROVIDER"] = "aws-kms",
            ["KEY_ID"] = KeyId,
            ["AWS_REGION"] = AwsDouble.Region,
            ["AWS_ENDPOINT_URL"] = Aws.Address.ToString(),
        }).AddInMemoryCollection((settings ?? new Dictionary<string, string>()).Select(pair => KeyValuePair.Create(pair.Key, (string?)pair.Value))).Build();
        return new AwsKmsKeyProvider(Bound<KeyProviderSettings>(configuration), Bound<AwsSettings>(configuration), credential.ForSdk());
    }

    public override void Fail(KeyServiceFault? fault) => Aws.Fail(fault);

    public override void SetKey(string keyId, KeyState state)
    {
        var key = Aws.Kms.Find(keyId);
        key.IsEnabled = state != KeyState.Disabled;
        key.DeletedAt = state == KeyState.PendingDeletion ? TimeProvider.System.GetUtcNow().AddDays(7) : null;
        key.Policy = (principal, _) => state != KeyState.Denied || principal != user.Principal;
    }

    public override void RotateKey(string keyId) => Aws.Kms.Find(keyId).Rotate();

    public override ValueTask DisposeAsync() => Aws.DisposeAsync();

    private static IOptions<TOptions> Bound<TOptions>(IConfiguration configuration)
        where TOptions : class, new()
    {
        var options = new TOptions();
        Assert.That(SettingsBinder.Bind(options, configuration), Is.Empty);
        return Options.Create(options);
    }
}
