namespace HipaaTemplate.Platform.Authentication.Keys;

/// <summary>A key, or why there is none.</summary>
/// <param name="Key">Null when there is none.</param>
/// <param name="IsUnavailable">The issuer could not be asked, so nobody knows.</param>
internal readonly record struct KeyLookup(SigningKey? Key, bool IsUnavailable)
{
    public static readonly KeyLookup Unknown = new(null, IsUnavailable: false);
    public static readonly KeyLookup Unavailable = new(null, IsUnavailable: true);
}
