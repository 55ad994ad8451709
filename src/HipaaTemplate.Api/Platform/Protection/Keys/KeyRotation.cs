namespace HipaaTemplate.Platform.Protection.Keys;

internal static class KeyRotation
{
    /// <summary>
    /// From a new version's making to its first use: longer than any node keeps its keys, and half a minute for
    /// clocks that are apart.
    /// </summary>
    public static readonly TimeSpan Delay = TenantKeyRings.Freshness + TimeSpan.FromSeconds(30);
}
