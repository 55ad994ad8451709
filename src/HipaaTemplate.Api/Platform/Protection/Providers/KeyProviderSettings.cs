using System.Text.Json;
using HipaaTemplate.Platform.Settings;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Protection.Providers;

internal enum KeyProviderKind
{
    Local,
    AwsKms,
    Vault,
    Akeyless,
}

/// <summary>Where the keys come from that seal patients' data.</summary>
internal sealed class KeyProviderSettings : IHasProblems
{
    [Setting("KEY_PROVIDER", "Who keeps the keys that wrap the tenants' keys: aws-kms, vault (transit), akeyless, or in development only local.",
        DefaultText = "local, in development only")]
    public KeyProviderKind? Provider { get; set; }

    [Setting("KEY_ID", "The provider's key: an ARN, id or alias (AWS KMS), the name of a transit key (Vault) or of an item (Akeyless). Not for local.")]
    public string? KeyId { get; set; }

    [Setting("KEY_IDS_BY_CLASS", "Keys of their own for kinds of data, comma-separated: document=alias/documents, message=alias/messages. Kinds: profile, record, medication, message, document.",
        DefaultText = "none; all share KEY_ID")]
    public string[] KeyIdsByClass { get; set; } = [];

    [Setting("KEY_LOCAL_FILE", "File of the local provider's key; made when it is missing.")]
    public string LocalFile { get; set; } = ".dev/local-key";

    /// <summary>As <see cref="IKeyProvider.Name"/>.</summary>
    public string Name => JsonNamingPolicy.KebabCaseLower.ConvertName((Provider ?? KeyProviderKind.Local).ToString());

    /// <summary>Classes with a key of their own.</summary>
    public IReadOnlyDictionary<DataClass, string> ByClass() => KeyIdsByClass
        .Select(Parse).OfType<(DataClass Class, string KeyId)>().ToDictionary(pair => pair.Class, pair => pair.KeyId);

    /// <summary>The class whose keys a kind of data is under.</summary>
    public DataClass Effective(DataClass dataClass) => ByClass().ContainsKey(dataClass) ? dataClass : DataClass.General;

    /// <summary>The provider's key for a class; the local provider makes one of each name it is asked for.</summary>
    public string KeyIdFor(DataClass dataClass) =>
        ByClass().TryGetValue(dataClass, out var own) ? own : KeyId ?? "default";

    public IEnumerable<string> Problems()
    {
        if (Provider is not (null or KeyProviderKind.Local) && string.IsNullOrEmpty(KeyId))
        {
            yield return "KEY_ID is missing: the provider's key that wraps the tenants' keys.";
        }

        if (KeyIdsByClass.Any(text => Parse(text) is null))
        {
            yield return "KEY_IDS_BY_CLASS must hold pairs such as document=KEY; kinds are profile, record, medication, message and document.";
        }
        else if (KeyIdsByClass.Select(text => Parse(text)!.Value.Class).Distinct().Count() != KeyIdsByClass.Length)
        {
            yield return "KEY_IDS_BY_CLASS must name each kind once.";
        }
    }

    private static (DataClass Class, string KeyId)? Parse(string text) =>
        text.Split('=', 2, StringSplitOptions.TrimEntries) is [var name, { Length: > 0 } keyId]
        && name.All(char.IsAsciiLetter) && Enum.TryParse<DataClass>(name, ignoreCase: true, out var dataClass)
        && dataClass != DataClass.General
            ? (dataClass, keyId)
            : null;
}

internal static class KeyProviderOptions
{
    extension(IOptions<KeyProviderSettings> options)
    {
        /// <summary>For checks of other settings: null where these are wrong themselves, which is said elsewhere.</summary>
        public KeyProviderSettings? ValueOrNone
        {
            get
            {
                try
                {
                    return options.Value;
                }
                catch (OptionsValidationException)
                {
                    return null;
                }
            }
        }
    }
}
