using System.Text.Json;
using HipaaTemplate.Platform.Secrets.Akeyless;
using HipaaTemplate.Platform.Secrets.Services;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Protection.Providers.Akeyless;

/// <summary>Tenants' keys wrapped by an AES-GCM key of Akeyless. The context is its encryption context.</summary>
internal sealed class AkeylessKeyProvider(AkeylessClient akeyless, IOptions<KeyProviderSettings> keys) : WrappingKeyProvider
{
    public override string Name => "akeyless";

    /// <summary>Akeyless API: POST /decrypt.</summary>
    public override async Task<byte[]> UnwrapAsync(WrappedKey key, KeyContext context, CancellationToken ct)
    {
        if (key.Bytes.Length is 0 or > MostBytes)
        {
            throw new KeyProviderException(KeyProviderFault.NotAuthentic, "wrapped_key_not_valid");
        }

        try
        {
            using var answer = await akeyless.SendAsync(
                "decrypt",
                writer =>
                {
                    writer.WriteString("key-name", key.KeyId);
                    writer.WriteBase64String("ciphertext", key.Bytes);
                    writer.WriteString("output-format", "base64");
                    WriteContext(writer, context);
                },
                ct, alsoAccept: 400);
            return answer.Status == 200
                ? KeyOf(answer.BytesAt("result"))
                : throw await WhyNotAsync(key.KeyId, ct);
        }
        catch (ServiceException e)
        {
            throw e.OfKeyProvider();
        }
    }

    /// <summary>Akeyless API: POST /encrypt.</summary>
    protected override async Task<WrappedKey> WrapAsync(byte[] key, KeyContext context, CancellationToken ct)
    {
        var name = keys.Value.KeyIdFor(context.Class);
        try
        {
            using var answer = await akeyless.SendAsync(
                "encrypt",
                writer =>
                {
                    writer.WriteString("key-name", name);
                    writer.WriteBase64String("plaintext", key);
                    writer.WriteString("input-format", "base64");
                    WriteContext(writer, context);
                },
                ct);
            // Its bytes and not its text, which has several forms that mean the same.
            return answer.BytesAt("result") is { Length: > 0 and <= MostBytes } ciphertext
                ? new WrappedKey(name, ciphertext)
                : throw new ServiceException(ServiceFault.NotAuthentic, "answer_is_no_ciphertext");
        }
        catch (ServiceException e)
        {
            throw e.OfKeyProvider();
        }
    }

    private static void WriteContext(Utf8JsonWriter writer, KeyContext context)
    {
        writer.WriteStartObject("encryption-context");
        foreach (var (name, value) in context.Pairs)
        {
            writer.WriteString(name, value);
        }

        writer.WriteEndObject();
    }

    /// <summary>
    /// Akeyless says 400 of a ciphertext that does not open and of a key that is disabled. What is left when the
    /// key may be used is the ciphertext. Akeyless API: POST /describe-item.
    /// </summary>
    private async Task<ServiceException> WhyNotAsync(string name, CancellationToken ct)
    {
        using var item = await akeyless.SendAsync("describe-item", writer => writer.WriteString("name", name), ct);
        return item.At("is_enabled").ValueKind == JsonValueKind.True && item.At("deletion_date").ValueKind != JsonValueKind.String
            ? new ServiceException(ServiceFault.NotAuthentic, "ciphertext_not_authentic")
            : new ServiceException(ServiceFault.Refused, "key_disabled");
    }
}
