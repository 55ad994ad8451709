using System.Security.Cryptography;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;
using HipaaTemplate.Platform.Aws;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Protection.Providers.Aws;

/// <summary>
/// Keys wrapped by a symmetric key of AWS KMS. The context goes with each call as the encryption context, so
/// that KMS itself authenticates it (and CloudTrail shows it): AWS KMS API, GenerateDataKey, Decrypt, ReEncrypt.
/// </summary>
/// <param name="credentials">Null: as the SDK finds them.</param>
internal sealed class AwsKmsKeyProvider(
    IOptions<KeyProviderSettings> settings, IOptions<AwsSettings> aws, AWSCredentials? credentials = null)
    : IKeyProvider, IDisposable
{
    private const int KeyBytes = 32;
    private const int MostWrappedBytes = 1024;

    private readonly AmazonKeyManagementServiceClient kms = credentials is null
        ? new(aws.Value.Configure(new AmazonKeyManagementServiceConfig()))
        : new(credentials, aws.Value.Configure(new AmazonKeyManagementServiceConfig()));

    public string Name => "aws-kms";

    public async Task<GeneratedKey> GenerateAsync(KeyContext context, CancellationToken ct)
    {
        var keyId = settings.Value.KeyIdFor(context.Class);
        GenerateDataKeyRequest request = new() { KeyId = keyId, KeySpec = DataKeySpec.AES_256, EncryptionContext = Pairs(context) };
        var answer = await KmsCall.AskAsync(token => kms.GenerateDataKeyAsync(request, token), KmsCall.Stored.No, ct);
        var plaintext = TakeKey(answer.Plaintext);
        var wrapped = answer.CiphertextBlob?.ToArray() ?? [];
        return KmsKeyId.MayBe(keyId, answer.KeyId) && IsWrapped(wrapped)
            ? new GeneratedKey(plaintext, new WrappedKey(answer.KeyId, wrapped))
            : throw NotOurs(plaintext);
    }

    public async Task<byte[]> UnwrapAsync(WrappedKey key, KeyContext context, CancellationToken ct)
    {
        RefuseWhatIsNone(key);
        using var blob = new MemoryStream(key.Bytes, writable: false);
        // Without a key id KMS would take any key that this caller may use.
        DecryptRequest request = new() { CiphertextBlob = blob, KeyId = key.KeyId, EncryptionContext = Pairs(context) };
        var answer = await KmsCall.AskAsync(token => kms.DecryptAsync(request, token), KmsCall.Stored.Yes, ct);
        var plaintext = TakeKey(answer.Plaintext);
        return IsSame(answer.KeyId, key.KeyId) ? plaintext : throw NotOurs(plaintext);
    }

    public async Task<WrappedKey> RewrapAsync(WrappedKey key, KeyContext context, CancellationToken ct)
    {
        RefuseWhatIsNone(key);
        var keyId = settings.Value.KeyIdFor(context.Class);
        using var blob = new MemoryStream(key.Bytes, writable: false);
        ReEncryptRequest request = new()
        {
            CiphertextBlob = blob,
            SourceKeyId = key.KeyId,
            SourceEncryptionContext = Pairs(context),
            DestinationKeyId = keyId,
            DestinationEncryptionContext = Pairs(context),
        };
        var answer = await KmsCall.AskAsync(token => kms.ReEncryptAsync(request, token), KmsCall.Stored.Yes, ct);
        var wrapped = answer.CiphertextBlob?.ToArray() ?? [];
        return IsSame(answer.SourceKeyId, key.KeyId) && KmsKeyId.MayBe(keyId, answer.KeyId) && IsWrapped(wrapped)
            ? new WrappedKey(answer.KeyId, wrapped)
            : throw NotOurs();
    }

    public void Dispose() => kms.Dispose();

    private static Dictionary<string, string> Pairs(KeyContext context) => new(context.Pairs);

    private static bool IsSame(string? answered, string asked) => string.Equals(answered, asked, StringComparison.Ordinal);

    /// <summary>KMS would refuse it as well, but with an error that says nothing about the key.</summary>
    private static void RefuseWhatIsNone(WrappedKey key)
    {
        if (!IsWrapped(key.Bytes) || !KmsKeyId.IsArn(key.KeyId))
        {
            throw new KeyProviderException(KeyProviderFault.NotAuthentic, "not a key that AWS KMS wrapped");
        }
    }

    /// <summary>A copy that the caller owns; the SDK's own is wiped.</summary>
    private static byte[] TakeKey(MemoryStream? answered)
    {
        var key = answered?.ToArray() ?? [];
        KmsCall.Wipe(answered);
        if (key.Length == KeyBytes)
        {
            return key;
        }

        CryptographicOperations.ZeroMemory(key);
        throw new KeyProviderException(KeyProviderFault.NotAuthentic, $"a key of {key.Length} bytes in the answer");
    }

    private static bool IsWrapped(byte[] bytes) => bytes.Length is > KeyBytes and <= MostWrappedBytes;

    private static KeyProviderException NotOurs(byte[]? plaintext = null)
    {
        CryptographicOperations.ZeroMemory(plaintext);
        return new KeyProviderException(KeyProviderFault.NotAuthentic, "the answer is for another key, or wraps none");
    }
}
