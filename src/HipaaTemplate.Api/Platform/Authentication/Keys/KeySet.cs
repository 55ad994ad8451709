using System.Text.Json;

namespace HipaaTemplate.Platform.Authentication.Keys;

/// <summary>The keys that an issuer publishes (RFC 7517 §5), without those that are of no use here.</summary>
internal sealed class KeySet(IReadOnlyList<SigningKey> keys)
{
    /// <summary>More than any issuer has; each costs a look at every token.</summary>
    private const int MostKeys = 100;

    public int Count => keys.Count;

    /// <returns>Null when the document has no list of keys, a list that is too long, or no key of use.</returns>
    public static KeySet? TryRead(JsonElement document)
    {
        if (!document.TryGetProperty("keys", out var list) || list.ValueKind != JsonValueKind.Array
            || list.GetArrayLength() > MostKeys)
        {
            return null;
        }

        List<SigningKey> keys = [];
        foreach (var item in list.EnumerateArray())
        {
            if (item.ValueKind == JsonValueKind.Object && SigningKey.TryRead(item) is { } key)
            {
                keys.Add(key);
            }
        }

        return keys.Count == 0 ? null : new KeySet(keys);
    }

    /// <returns>
    /// The one key that fits the algorithm and has this id, or, where the token names none, the one key that
    /// fits. Null when there is no such key or more than one: keys are not tried in turn.
    /// </returns>
    public SigningKey? Find(SignatureAlgorithm algorithm, string? keyId)
    {
        SigningKey? found = null;
        foreach (var key in keys)
        {
            if (key.Fits(algorithm) && (keyId is null || key.KeyId == keyId))
            {
                if (found is not null)
                {
                    return null;
                }

                found = key;
            }
        }

        return found;
    }

    public bool HasId(string keyId) => keys.Any(key => key.KeyId == keyId);

    public bool Contains(SigningKey key) => keys.Any(key.IsSameAs);
}
