using Amazon.KeyManagementService;
using HipaaTemplate.Platform.Auditing.Log;
using HipaaTemplate.Platform.Protection.Signing;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Auditing.Sealing;

/// <summary>
/// Who signs now: a key of AWS KMS where AUDIT_SIGNING_KEY_ID names one, which is asked for each signature; else a key that
/// the key service unwraps once, so that it need not be there each second.
/// </summary>
internal sealed class AuditSigner(
    AuditSigningKeys keys, Lazy<IAmazonKeyManagementService> kms, IOptions<AuditSettings> settings, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim oneAtATime = new(1);
    private SigningKeyPair? pair;
    private INoteSigner? signer;

    public async Task<INoteSigner> GetAsync(CancellationToken ct)
    {
        await oneAtATime.WaitAsync(ct);
        try
        {
            return signer ??= settings.Value.SigningKeyId is { } keyId ? await OfKmsAsync(keyId, ct) : await OfProviderAsync(ct);
        }
        finally
        {
            oneAtATime.Release();
        }
    }

    public void Dispose()
    {
        pair?.Dispose();
        oneAtATime.Dispose();
    }

    /// <summary>Its public half stays listed for as long as something that it signed has to be verified.</summary>
    private async Task<INoteSigner> OfKmsAsync(string keyId, CancellationToken ct)
    {
        var opened = await KmsNoteSigner.OpenAsync(kms.Value, keyId, settings.Value.LogName, ct);
        await keys.AddPublicAsync(opened.PublicKey, opened.KeyArn, time.GetUtcNow(), ct);
        return opened;
    }

    private async Task<INoteSigner> OfProviderAsync(CancellationToken ct)
    {
        pair ??= await keys.SigningAsync(ct);
        return new LocalNoteSigner(settings.Value.LogName, pair.Key);
    }
}
