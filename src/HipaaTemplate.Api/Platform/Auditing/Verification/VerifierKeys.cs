using System.Text;
using HipaaTemplate.Platform.Auditing.Log;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Platform.Auditing.Verification;

/// <summary>What the verifier was given from somewhere else than the bundle.</summary>
internal sealed class VerifierKeys
{
    private const int KeyLength = 32;

    private readonly List<NoteKey> signers = [];
    private readonly Dictionary<(TenantId Tenant, string Month), Dictionary<int, byte[]>> macKeys = [];

    /// <summary>Keys that sign the heads.</summary>
    public IReadOnlyList<NoteKey> Signers => signers;

    /// <exception cref="InvalidDataException">A line is neither a key nor empty nor a comment.</exception>
    public static VerifierKeys Parse(string text)
    {
        var keys = new VerifierKeys();
        var number = 0;
        foreach (var line in text.Split('\n'))
        {
            number++;
            if (line.Length > 0 && line[0] != '#' && !keys.TryAdd(line))
            {
                throw new InvalidDataException($"Line {number} of the keys is no key, or one for what another is for.");
            }
        }

        return keys;
    }

    /// <summary>By version of the tenant's key.</summary>
    public IReadOnlyDictionary<int, byte[]> MacKeysOf(TenantId tenant, string month) =>
        macKeys.GetValueOrDefault((tenant, month)) ?? [];

    private bool TryAdd(string line)
    {
        if (NoteKey.TryParse(line, out var signer))
        {
            var isNew = !signers.Exists(other => other.Name == signer.Name && other.Id == signer.Id);
            signers.Add(signer);
            return isNew;
        }

        var key = new byte[KeyLength];
        if (line.Split(' ') is not ["mac", var id, var month, var versionText, var encoded]
            || !LineText.TryReadId(Encoding.UTF8.GetBytes(id), stackalloc byte[LineText.IdLength])
            || !TenantId.TryParse(id, out var tenant)
            || !LineText.IsMonth(Encoding.UTF8.GetBytes(month))
            || !int.TryParse(versionText, System.Globalization.NumberStyles.None, null, out var version) || $"{version}" != versionText
            || !LineText.TryReadBase64(Encoding.UTF8.GetBytes(encoded), key))
        {
            return false;
        }

        if (!macKeys.TryGetValue((tenant, month), out var versions))
        {
            macKeys.Add((tenant, month), versions = []);
        }

        return versions.TryAdd(version, key);
    }
}
