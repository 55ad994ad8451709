using Microsoft.EntityFrameworkCore.Migrations.Operations;

namespace HipaaTemplate.Platform.Database;

/// <summary>
/// The trigger that keeps a row from being saved under a key that is destroyed, on every table with such a
/// reference (decision 0012). The owner is let through: it takes hashes out of rows whose key is gone.
/// </summary>
internal static class ErasureGuard
{
    public const string Trigger = "refuse_erased";
    public const string Function = $"{TenantScopeKeys.Schema}.{Trigger}()";
    public const string SubjectKeys = $"{TenantScopeKeys.Schema}.subject_keys";

    /// <summary>What the trigger answers; the row's key is destroyed.</summary>
    public const string SubjectErased = "HT001";

    /// <summary>The tenant's key is destroyed, under which a patient's new one was wrapped.</summary>
    public const string TenantErased = "HT002";

    public static bool IsNeededFor(AddForeignKeyOperation reference) =>
        $"{reference.PrincipalSchema}.{reference.PrincipalTable}" == SubjectKeys;

    /// <param name="table">Qualified and quoted.</param>
    public static string CreateOn(string table) => $"""
        CREATE TRIGGER {Trigger} BEFORE INSERT OR UPDATE ON {table}
            FOR EACH ROW WHEN (current_user <> '{DatabaseRoles.Owner}') EXECUTE FUNCTION {Function};
        """;

    /// <summary>For the migrations from before there was the trigger's function.</summary>
    public static string CreateIfPossibleOn(string table) => $"""
        DO $guard$
        BEGIN
            IF to_regprocedure('{Function}') IS NOT NULL THEN
                {CreateOn(table)}
            END IF;
        END
        $guard$;
        """;
}
