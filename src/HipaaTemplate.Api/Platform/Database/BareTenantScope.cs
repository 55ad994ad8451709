using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Platform.Database;

/// <summary>
/// The tenant's id as it is. It holds against every mistake, but not against SQL injection: whoever
/// can run a statement as the API can set another tenant's id.
/// </summary>
internal sealed class BareTenantScope : ITenantScopeSql
{
    public const string Setting = "app.tenant_id";

    /// <summary>
    /// In SQL, so that the planner inlines it. A setting that was local to an earlier transaction reads
    /// as '' afterwards, hence NULLIF.
    /// </summary>
    public TenantFunction Function { get; } = new(
        "sql", $"SELECT nullif(current_setting('{Setting}', true), '')::uuid", RunsAsOwner: false);

    public TenantScope For(TenantId? tenant) => TenantScope.Set(Setting, tenant?.ToString() ?? "");

    public IEnumerable<string> ForgeriesOf(TenantId tenant) => [];
}
