namespace HipaaTemplate.Platform.Database;

/// <summary>
/// What is asked of the role that the API is connected as: hipaa_app, or one that a secret service made and that is a
/// member of hipaa_app and of nothing else.
/// </summary>
internal static class AppRole
{
    private const string App = DatabaseRoles.App;

    /// <summary>
    /// True when the role could get past row-level security, by itself or by what it may become: the one that
    /// logged in, the one that it acts as and hipaa_app, where it inherits from it.
    /// </summary>
    public const string CanPass = $"""
        EXISTS (
                SELECT FROM pg_roles r
                WHERE (r.rolname IN (session_user, current_user) OR r.rolname = '{App}' AND pg_has_role(r.oid, 'MEMBER'))
                    AND (r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolreplication
                        OR EXISTS (
                            SELECT FROM pg_auth_members m
                            WHERE m.member = r.oid AND (m.admin_option OR m.roleid IS DISTINCT FROM to_regrole('{App}')::oid))
                        OR EXISTS (
                            SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                            WHERE c.relowner = r.oid AND n.nspname NOT LIKE 'pg_temp%')))
        """;

    /// <summary>True when it has a right on a table that hipaa_app, whose rights are looked at elsewhere, has not.</summary>
    public const string HoldsMore = $"""
        current_user <> '{App}' AND EXISTS (
                SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) p(privilege)
                WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
                    AND (has_table_privilege(c.oid, p.privilege) AND NOT has_table_privilege('{App}', c.oid, p.privilege)
                        OR p.privilege IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')
                            AND has_any_column_privilege(c.oid, p.privilege)
                            AND NOT has_any_column_privilege('{App}', c.oid, p.privilege)))
        """;
}
