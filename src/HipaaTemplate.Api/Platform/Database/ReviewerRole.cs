namespace HipaaTemplate.Platform.Database;

/// <summary>What is asked of the role that the API reads the audit trail as.</summary>
internal static class ReviewerRole
{
    private static readonly string Tables = string.Join(", ", AuditTables.Added.Select(table => $"'{table}'"));

    /// <summary>
    /// True when it could get past row-level security, by itself or by what it may become, or when the tables that it
    /// reads are not bound by it. Any role may ask.
    /// </summary>
    public static readonly string CanPass = $"""
        EXISTS (
                SELECT FROM pg_roles r
                WHERE r.rolname = '{DatabaseRoles.Reviewer}'
                    AND (r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolreplication
                        OR EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid)
                        OR EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid)))
            OR EXISTS (
                SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname || '.' || c.relname IN ({Tables})
                    AND (NOT c.relrowsecurity OR NOT c.relforcerowsecurity
                        OR EXISTS (
                            SELECT FROM pg_policy p
                            WHERE p.polrelid = c.oid AND p.polpermissive
                                AND NOT ({IsolationAudit.IsTenantPolicy}) AND NOT ({AuditTables.IsReadingPolicy}))))
        """;
}
