using HipaaTemplate.Platform.Tenancy;
using Npgsql;
using NpgsqlTypes;

namespace HipaaTemplate.Platform.Database;

/// <summary>The tenant's id as it is.</summary>
internal sealed class BareTenantScope : ITenantScopeSql
{
    public const string SettingName = "app.tenant_id";
    private const string Statement = "SELECT set_config('" + SettingName + "', @tenant_scope, true)";

    public TenantScope For(TenantId? tenant) => new(
        Statement,
        new NpgsqlParameter<string>
        {
            ParameterName = "tenant_scope",
            NpgsqlDbType = NpgsqlDbType.Text,
            TypedValue = tenant?.ToString() ?? "",
        },
        ReturnsRows: true);
}
