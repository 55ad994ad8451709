using System.Text.Json;
using HipaaTemplate.Platform.Secrets.Services;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Secrets.Vault;

/// <summary>Settings in a secret of Vault's KV engine, version 2: one key of the secret, one setting.</summary>
internal sealed class VaultSecretSource(VaultClient vault, IOptions<VaultSettings> settings) : ISecretSource
{
    public string Name => "HashiCorp Vault";

    public async Task<IReadOnlyDictionary<string, string>> LoadAsync(CancellationToken ct)
    {
        if (settings.Value.SecretPath?.Split('/', 2) is not [var mount, var path])
        {
            throw new SecretSourceException("VAULT_SECRET_PATH is missing");
        }

        try
        {
            // Vault API: GET /:mount/data/:path. Of a version that was taken away it says 404, with data that says so.
            using var answer = await vault.SendAsync(HttpMethod.Get, $"{mount}/data/{path}", members: null, ct, alsoAccept: 404);
            return answer.Status == 200
                ? SecretObject.Read(answer.At("data", "data"))
                : throw new SecretSourceException(WhyNot(answer));
        }
        catch (ServiceException e)
        {
            throw e.OfSecretSource();
        }
    }

    private static string WhyNot(ServiceAnswer answer) =>
        answer.At("data", "metadata", "destroyed").ValueKind == JsonValueKind.True ? "the newest version was destroyed"
        : answer.At("data", "metadata", "deletion_time").ValueKind == JsonValueKind.String ? "the newest version was deleted"
        : "there is no such secret";
}
