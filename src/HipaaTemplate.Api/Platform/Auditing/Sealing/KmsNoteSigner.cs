using System.Security.Cryptography;
using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using HipaaTemplate.Platform.Auditing.Log;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Protection.Providers.Aws;

namespace HipaaTemplate.Platform.Auditing.Sealing;

/// <summary>
/// Signs with a key that never leaves AWS KMS: who has the database and this process still cannot sign another history
/// afterwards, when the key was taken from them.
/// </summary>
internal sealed class KmsNoteSigner : INoteSigner
{
    private readonly IAmazonKeyManagementService kms;

    private KmsNoteSigner(IAmazonKeyManagementService kms, string keyArn, byte[] publicKey, NoteKey key)
    {
        this.kms = kms;
        KeyArn = keyArn;
        PublicKey = publicKey;
        Key = key;
    }

    public NoteKey Key { get; }

    /// <summary>An alias may lead elsewhere by the time it is used again; this does not.</summary>
    public string KeyArn { get; }

    /// <summary>SubjectPublicKeyInfo.</summary>
    public byte[] PublicKey { get; }

    /// <param name="kms">The service.</param>
    /// <param name="keyId">AUDIT_SIGNING_KEY_ID.</param>
    /// <param name="name">Of the key, as it will stand in the notes.</param>
    /// <param name="ct">To stop.</param>
    /// <exception cref="KeyProviderException">It cannot be had, or is not of that kind.</exception>
    public static async Task<KmsNoteSigner> OpenAsync(IAmazonKeyManagementService kms, string keyId, string name, CancellationToken ct)
    {
        GetPublicKeyRequest request = new() { KeyId = keyId };
        var answer = await AskAsync(token => kms.GetPublicKeyAsync(request, token), ct);
        var publicKey = answer.PublicKey?.ToArray() ?? [];
        return answer.KeySpec == KeySpec.ECC_NIST_P256 && answer.KeyUsage == KeyUsageType.SIGN_VERIFY
            && KmsKeyId.MayBe(keyId, answer.KeyId) && NoteKey.TryCreate(name, publicKey, out var key)
            ? new KmsNoteSigner(kms, answer.KeyId, publicKey, key)
            : throw Refused("is no key that signs on P-256 (ECC_NIST_P256, SIGN_VERIFY)");
    }

    public async ValueTask<byte[]> SignAsync(ReadOnlyMemory<byte> text, CancellationToken cancellationToken)
    {
        // A digest, because a message may have 4 KiB at most.
        using var digest = new MemoryStream(SHA256.HashData(text.Span), writable: false);
        SignRequest request = new()
        {
            KeyId = KeyArn,
            Message = digest,
            MessageType = MessageType.DIGEST,
            SigningAlgorithm = SigningAlgorithmSpec.ECDSA_SHA_256,
        };
        var answer = await AskAsync(token => kms.SignAsync(request, token), cancellationToken);
        var signature = answer.Signature?.ToArray() ?? [];
        return answer.KeyId == KeyArn && Key.HasSigned(text.Span, signature)
            ? signature
            : throw new KeyProviderException(KeyProviderFault.NotAuthentic, "AUDIT_SIGNING_KEY_ID: the signature is not by the key that was asked for");
    }

    private static async Task<TAnswer> AskAsync<TAnswer>(Func<CancellationToken, Task<TAnswer>> call, CancellationToken ct)
        where TAnswer : Amazon.Runtime.AmazonWebServiceResponse
    {
        try
        {
            return await KmsCall.AskAsync(call, KmsCall.Stored.No, ct);
        }
        catch (KeyProviderException e) when (e.Fault == KeyProviderFault.Refused)
        {
            throw Refused(e.Reason, e);
        }
    }

    private static KeyProviderException Refused(string what, Exception? inner = null) =>
        new(KeyProviderFault.Refused, $"AUDIT_SIGNING_KEY_ID: {what}", inner);
}
