namespace HipaaTemplate.Platform.Database;

/// <summary>A policy of a table with <see cref="TableAccess.GlobalExpiring"/>.</summary>
/// <param name="Name">Of the policy.</param>
/// <param name="Command">That it is for.</param>
/// <param name="Condition">As the generator writes it.</param>
/// <param name="CatalogueCommand">pg_policy.polcmd.</param>
/// <param name="CatalogueCondition">What pg_get_expr says of its one expression.</param>
internal sealed record ExpiringPolicy(
    string Name, string Command, string Condition, char CatalogueCommand, string CatalogueCondition)
{
    public static readonly IReadOnlyList<ExpiringPolicy> All =
    [
        new("expiring_read", "SELECT", "USING (true)", 'r', "true"),
        new("expiring_add", "INSERT", "WITH CHECK (true)", 'a', "true"),
        new("expiring_clean", "DELETE", "USING (expires_at < now())", 'd', "(expires_at < now())"),
    ];

    /// <summary>Of pg_policy p: one of these, as it is written above.</summary>
    public static readonly string IsOne = string.Join(" OR ", All.Select(policy => $"""
        (p.polname = '{policy.Name}' AND p.polpermissive AND p.polcmd = '{policy.CatalogueCommand}' AND p.polroles = ARRAY[0::oid]
            AND coalesce(pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)) = '{policy.CatalogueCondition}')
        """));
}
