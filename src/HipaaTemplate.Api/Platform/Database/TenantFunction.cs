namespace HipaaTemplate.Platform.Database;

/// <summary>
/// The function that every policy compares tenant_id with. SQL and STABLE, so that the planner
/// inlines it; together with the query filter it becomes a one-time check per query. A setting
/// that was local to an earlier transaction reads as '' afterwards, hence NULLIF.
/// </summary>
internal static class TenantFunction
{
    public const string Call = "app.current_tenant_id()";

    public const string Body =
        $"SELECT nullif(current_setting('{BareTenantScope.SettingName}', true), '')::uuid";

    public const string Create = $"""
        CREATE FUNCTION {Call} RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
        AS $$ {Body} $$;
        GRANT EXECUTE ON FUNCTION {Call} TO {DatabaseRoles.App};
        """;

    public const string Drop = $"DROP FUNCTION {Call};";
}
