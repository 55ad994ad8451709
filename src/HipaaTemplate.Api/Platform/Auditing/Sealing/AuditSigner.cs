using HipaaTemplate.Platform.Auditing.Log;
using HipaaTemplate.Platform.Protection.Signing;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Auditing.Sealing;

/// <summary>Signs with the key of now, which it asks for once: the key service need not be there each second.</summary>
internal sealed class AuditSigner(AuditSigningKeys keys, IOptions<AuditSettings> settings) : IDisposable
{
    private readonly SemaphoreSlim oneAtATime = new(1);
    private SigningKeyPair? pair;
    private LocalNoteSigner? signer;

    public async Task<INoteSigner> GetAsync(CancellationToken ct)
    {
        await oneAtATime.WaitAsync(ct);
        try
        {
            pair ??= await keys.SigningAsync(ct);
            return signer ??= new LocalNoteSigner(settings.Value.LogName, pair.Key);
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
}
