using System.Text;
using System.Text.RegularExpressions;
using HipaaTemplate.Platform.Authentication.Keys;
using HipaaTemplate.Platform.Secrets.Services;
using HipaaTemplate.Platform.Secrets.Vault;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Protection.Providers.Vault;

/// <summary>
/// Tenants' keys wrapped by Vault's transit engine, under keys of an AEAD type (aes256-gcm96,
/// chacha20-poly1305) that are not derived. The context is the associated data.
/// </summary>
/// <remarks>
/// transit/datakey and transit/rewrap take no associated_data: the one makes keys that are bound to nothing, the
/// other opens nothing that is bound (hashicorp/vault#29532). So neither is used.
/// The AppRole's policy needs `update` on transit/encrypt/KEY and transit/decrypt/KEY. With `create` on the
/// former, Vault would make a key of a name that is mistyped.
/// </remarks>
internal sealed partial class VaultKeyProvider(
    VaultClient vault, IOptions<VaultSettings> settings, IOptions<KeyProviderSettings> keys) : WrappingKeyProvider
{
    public override string Name => "vault";

    /// <summary>Vault API: POST /transit/decrypt/:name.</summary>
    public override async Task<byte[]> UnwrapAsync(WrappedKey key, KeyContext context, CancellationToken ct)
    {
        var (name, ciphertext) = Read(key);
        try
        {
            using var answer = await vault.SendAsync(
                HttpMethod.Post, $"{settings.Value.TransitMount}/decrypt/{name}",
                writer =>
                {
                    writer.WriteString("ciphertext", ciphertext);
                    writer.WriteBase64String("associated_data", context.Encode());
                },
                ct);
            return KeyOf(answer.BytesAt("data", "plaintext"));
        }
        catch (ServiceException e)
        {
            throw e.OfKeyProvider();
        }
    }

    /// <summary>Vault API: POST /transit/encrypt/:name.</summary>
    protected override async Task<WrappedKey> WrapAsync(byte[] key, KeyContext context, CancellationToken ct)
    {
        var name = keys.Value.KeyIdFor(context.Class);
        if (!VaultName.IsValid(name))
        {
            throw new KeyProviderException(KeyProviderFault.Refused, "key_id_not_valid");
        }

        try
        {
            using var answer = await vault.SendAsync(
                HttpMethod.Post, $"{settings.Value.TransitMount}/encrypt/{name}",
                writer =>
                {
                    writer.WriteBase64String("plaintext", key);
                    writer.WriteBase64String("associated_data", context.Encode());
                },
                ct);
            return answer.At("data", "ciphertext").TryGetString(out var ciphertext) && VersionOf(ciphertext) is { } version
                ? new WrappedKey($"{name}:v{version}", Encoding.UTF8.GetBytes(ciphertext))
                : throw new ServiceException(ServiceFault.NotAuthentic, "answer_is_no_ciphertext");
        }
        catch (ServiceException e)
        {
            throw e.OfKeyProvider();
        }
    }

    /// <summary>What is stored is believed no further than that it names a key: it becomes part of a path.</summary>
    private static (string Name, string Ciphertext) Read(WrappedKey key)
    {
        var ciphertext = Encoding.UTF8.GetString(key.Bytes);
        return key.KeyId.Split(':') is [var name, var version]
            && VaultName.IsValid(name) && VersionOf(ciphertext) is { } stated && version == $"v{stated}"
                ? (name, ciphertext)
                : throw new KeyProviderException(KeyProviderFault.NotAuthentic, "wrapped_key_not_valid");
    }

    private static string? VersionOf(string ciphertext) =>
        ciphertext.Length <= MostBytes && CiphertextPattern().Match(ciphertext) is { Success: true } match
            ? match.Groups["version"].Value
            : null;

    [GeneratedRegex(@"^vault:v(?<version>[1-9][0-9]{0,8}):[A-Za-z0-9+/]+={0,2}\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex CiphertextPattern();
}
