using Npgsql;
using NpgsqlTypes;

namespace HipaaTemplate.Platform.Database;

/// <summary>
/// The statement that tells PostgreSQL whose rows are meant. It is local to the transaction, and a
/// command outside one is a transaction of its own: nothing is ever left on the session, which the
/// pool hands to somebody else. Without a tenant the value is empty, and the policies see no rows.
/// </summary>
internal static class TenantScopeSql
{
    public const string SettingName = "app.tenant_id";
    public const string Statement = "SELECT set_config('" + SettingName + "', @tenant_scope, true)";
    public const string Prefix = Statement + ";\n";

    public static NpgsqlParameter Parameter(AppDbContext? context) => new NpgsqlParameter<string>
    {
        ParameterName = "tenant_scope",
        NpgsqlDbType = NpgsqlDbType.Text,
        TypedValue = context is { HasTenant: true } ? context.TenantId.ToString() : "",
    };
}
