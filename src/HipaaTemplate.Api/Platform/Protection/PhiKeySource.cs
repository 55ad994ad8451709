using HipaaTemplate.Platform.Protection.Ciphers;
using HipaaTemplate.Platform.Protection.Keys;
using HipaaTemplate.Platform.Protection.Providers;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.Extensions.Options;

namespace HipaaTemplate.Platform.Protection;

/// <summary>What every unit of work takes its keys from.</summary>
internal sealed partial class PhiKeySource(
    TenantKeyRings rings,
    KeyCounting counting,
    KeyTimes times,
    IOptions<ProtectionSettings> protection,
    IOptions<KeyProviderSettings> providers,
    TimeProvider time,
    ILogger<PhiKeySource> logger)
{
    private readonly Lazy<CipherSuite> suite = new(() => protection.Value.Suite);
    private readonly Lazy<HashSet<DataClass>> separate = new(() => [.. providers.Value.ByClass().Keys]);

    public CipherSuite Suite => suite.Value;

    public DateTimeOffset Now => time.GetUtcNow();

    public bool IsFresh(TenantKeyRing ring) => Now - ring.LoadedAt < times.Freshness;

    /// <summary>The class whose keys this one is under.</summary>
    public DataClass Effective(DataClass dataClass) => separate.Value.Contains(dataClass) ? dataClass : DataClass.General;

    public ValueTask<TenantKeyRing> HoldAsync(TenantId tenant, CancellationToken ct) => rings.HoldAsync(tenant, ct);

    public ValueTask<TenantKeyRing> HoldActiveAsync(TenantId tenant, DataClass dataClass, CancellationToken ct) =>
        rings.HoldActiveAsync(tenant, dataClass, ct);

    public void Outdate(TenantKeyRing ring) => rings.Outdate(ring);

    public ValueTask CountAsync(TenantId tenant, TenantKeyMaterial material, long values, CancellationToken ct) =>
        material.Budget.TryTake(values) ? ValueTask.CompletedTask : counting.CountAsync(tenant, material, values, ct);

    public void Forget(TenantId tenant) => rings.Forget(tenant);

    /// <summary>The security event.</summary>
    public void Report(PhiAuthenticationException exception)
    {
        if (!exception.IsReported)
        {
            exception.IsReported = true;
            NotAuthentic(
                logger, exception.Address.Tenant, exception.Address.Table, exception.Address.Column, exception.Address.Row);
        }
    }

    [LoggerMessage(1520, LogLevel.Critical, "SECURITY: a sealed value of tenant {TenantId} is not what was sealed: table {Table}, column {Column}, row {Row}")]
    private static partial void NotAuthentic(ILogger logger, TenantId tenantId, int table, int column, Guid row);
}
