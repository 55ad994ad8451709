namespace HipaaTemplate.Platform.Database;

/// <summary>The function that every policy compares tenant_id with.</summary>
/// <param name="Language">Of the body: sql or plpgsql.</param>
/// <param name="Body">As the catalogue keeps it (pg_proc.prosrc).</param>
/// <param name="RunsAsOwner">
/// True for SECURITY DEFINER: it may read what the API's role may not. Its search path is then fixed.
/// </param>
internal sealed record TenantFunction(string Language, string Body, bool RunsAsOwner)
{
    public const string Call = "app.current_tenant_id()";

    /// <summary>STABLE: the planner asks once a query, not once a row, where it has the tenant_id beside it.</summary>
    public string Create => $"""
        CREATE OR REPLACE FUNCTION {Call} RETURNS uuid LANGUAGE {Language} STABLE PARALLEL SAFE
        {(RunsAsOwner ? "SECURITY DEFINER SET search_path = pg_catalog, pg_temp" : "SECURITY INVOKER")}
        AS $function${Body}$function$;
        REVOKE ALL ON FUNCTION {Call} FROM PUBLIC;
        GRANT EXECUTE ON FUNCTION {Call} TO {DatabaseRoles.App}, {DatabaseRoles.Owner}, {DatabaseRoles.Reviewer};
        """;
}
