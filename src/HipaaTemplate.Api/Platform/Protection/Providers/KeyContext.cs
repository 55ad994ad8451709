using System.Globalization;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Platform.Protection.Providers;

/// <summary>
/// What a wrapped key is for. The provider binds it to the key (AWS: encryption context; Vault and others:
/// additional authenticated data), so that a wrapped key that was moved to another tenant, version or
/// deployment does not open. It is no secret and stands in the provider's own logs: ids only.
/// </summary>
/// <param name="Environment">ENVIRONMENT, lower case: production's keys do not open in staging.</param>
/// <param name="Tenant">Whose key it is; null for the one that signs certificates of erasure.</param>
/// <param name="Class">Which of the provider's keys wraps it.</param>
/// <param name="Version">Of the tenant's key, or of the one that signs.</param>
internal sealed record KeyContext(string Environment, TenantId? Tenant, DataClass Class, int Version)
{
    private const string Application = "hipaa-template";

    /// <summary>In the order of the names, which is the order in which they are authenticated.</summary>
    // Computed each time: kept in a field, it would go along unchanged into `context with { Tenant = … }`.
    public IReadOnlyList<KeyValuePair<string, string>> Pairs =>
    [
        new("app", Application),
        new("class", Class.ToString().ToLowerInvariant()),
        new("env", Environment),
        new("purpose", Tenant is null ? "signing-key" : "tenant-key"),
        new("tenant", Tenant?.ToString() ?? "none"),
        new("version", Version.ToString(CultureInfo.InvariantCulture)),
    ];

    /// <summary>
    /// For providers that authenticate bytes. No value can hold a line feed or an equals sign in a name, so
    /// two different contexts are never the same bytes.
    /// </summary>
    public byte[] Encode() =>
        System.Text.Encoding.UTF8.GetBytes(string.Join('\n', Pairs.Select(pair => $"{pair.Key}={pair.Value}")));
}
