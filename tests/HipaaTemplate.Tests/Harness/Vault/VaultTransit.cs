using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using HipaaTemplate.Tests.Harness.Services;

namespace HipaaTemplate.Tests.Harness.Vault;

/// <summary>A key of the transit engine.</summary>
/// <param name="type">aes256-gcm96, chacha20-poly1305 or rsa-4096.</param>
/// <param name="derived">Needs a context with each call.</param>
internal sealed class TransitKey(string type = "aes256-gcm96", bool derived = false)
{
    public string Type => type;

    public bool Derived => derived;

    public bool IsAead => type != "rsa-4096";

    public List<AeadKey> Versions { get; } = [new(type == "chacha20-poly1305")];

    /// <summary>As POST /transit/keys/:name/config sets it.</summary>
    public int MinDecryptionVersion { get; set; } = 1;

    /// <summary>POST /transit/keys/:name/rotate.</summary>
    public void Rotate() => Versions.Add(new AeadKey(type == "chacha20-poly1305"));
}

/// <summary>
/// The transit engine's encrypt and decrypt, with the words of its source (builtin/logical/transit,
/// sdk/helper/keysutil): associated data is the AEAD's, ciphertext is vault:v1:…
/// </summary>
internal sealed partial class VaultTransit
{
    public ConcurrentDictionary<string, TransitKey> Keys { get; } = new();

    /// <summary>Whether the policy has `create` on encrypt, which makes keys of names that are not there.</summary>
    public bool MayCreate { get; set; }

    /// <summary>What a service would do that takes another key than the one that was named.</summary>
    public bool MixesKeysUp { get; set; }

    /// <summary>What a service would do that cuts off what it decrypts.</summary>
    public bool CutsShort { get; set; }

    public (int Status, string? Error, JsonObject? Data) Encrypt(string name, JsonObject body)
    {
        if (!Keys.TryGetValue(name, out var key))
        {
            if (!MayCreate)
            {
                return (403, "permission denied", null);
            }

            key = Keys.GetOrAdd(name, _ => new TransitKey());
        }

        if (Decode(body, "plaintext") is not { } plaintext)
        {
            return (400, "illegal base64 data at input byte 0", null);
        }

        if (Refusal(key, body, out var associated) is { } refusal)
        {
            return refusal;
        }

        var version = key.Versions.Count;
        var ciphertext = $"vault:v{version}:{Convert.ToBase64String(key.Versions[version - 1].Seal(plaintext, associated))}";
        return (200, null, new JsonObject { ["ciphertext"] = ciphertext, ["key_version"] = version });
    }

    public (int Status, string? Error, JsonObject? Data) Decrypt(string name, JsonObject body)
    {
        if (body["ciphertext"]?.GetValue<string>() is not { Length: > 0 } ciphertext)
        {
            return (400, "missing ciphertext to decrypt", null);
        }

        var used = MixesKeysUp ? Keys.Keys.First(other => other != name) : name;
        if (!Keys.TryGetValue(used, out var key))
        {
            return (400, "encryption key not found", null);
        }

        if (Refusal(key, body, out var associated) is { } refusal)
        {
            return refusal;
        }

        var match = CiphertextPattern().Match(ciphertext);
        if (!match.Success)
        {
            return (400, "invalid ciphertext: no prefix", null);
        }

        var version = int.Parse(match.Groups["version"].Value);
        if (version > key.Versions.Count)
        {
            return (400, "invalid ciphertext: version is too new", null);
        }

        if (version < key.MinDecryptionVersion)
        {
            return (400, "ciphertext or signature version is disallowed by policy (too old)", null);
        }

        var sealedBytes = new byte[ciphertext.Length];
        if (!Convert.TryFromBase64String(match.Groups["sealed"].Value, sealedBytes, out var length))
        {
            return (400, "invalid ciphertext: could not decode base64", null);
        }

        return key.Versions[version - 1].Open(sealedBytes.AsSpan(0, length), associated) is { } plaintext
            ? (200, null, new JsonObject { ["plaintext"] = Convert.ToBase64String(CutsShort ? plaintext[..^1] : plaintext) })
            : (400, "cipher: message authentication failed", null);
    }

    private static (int Status, string? Error, JsonObject? Data)? Refusal(TransitKey key, JsonObject body, out byte[] associated)
    {
        associated = [];
        if (body.ContainsKey("associated_data"))
        {
            if (!key.IsAead)
            {
                return (400, $"'[0].associated_data' provided for non-AEAD cipher suite {key.Type}", null);
            }

            if (Decode(body, "associated_data") is not { } given)
            {
                return (500, "unable to get associated_data/additional_data from factory[0]: illegal base64 data", null);
            }

            associated = given;
        }

        return key.Derived && !body.ContainsKey("context")
            ? (400, "missing 'context' for key derivation; the key was created using a derived key, which means additional, per-request information must be included in order to perform operations with the key", null)
            : null;
    }

    private static byte[]? Decode(JsonObject body, string name)
    {
        var text = body[name]?.GetValue<string>() ?? "";
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length) ? bytes[..length] : null;
    }

    [GeneratedRegex("^vault:v(?<version>[0-9]{1,9}):(?<sealed>.*)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex CiphertextPattern();
}
