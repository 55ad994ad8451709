namespace HipaaTemplate.Platform.Database;

/// <summary>Names of the database's roles and schemas (docs/API_ARCHITECTURE.md).</summary>
internal static class DatabaseRoles
{
    /// <summary>NOLOGIN; owns every schema and table. The migrating login is a member.</summary>
    public const string Owner = "hipaa_owner";

    /// <summary>The API's login; owns nothing and cannot bypass row-level security.</summary>
    public const string App = "hipaa_app";

    /// <summary>Reads the audit trail.</summary>
    public const string Auditor = "hipaa_auditor";

    /// <summary>A login that seals the audit trail: reads which events there are, and adds trees and signatures.</summary>
    public const string Sealer = "hipaa_sealer";

    /// <summary>A login that reads the audit trail for the API: of one tenant, the one whose scope its transaction has set.</summary>
    public const string Reviewer = "hipaa_reviewer";

    /// <summary>Schema of tenant data.</summary>
    public const string AppSchema = "app";

    public const string MigrationsTable = "__ef_migrations_history";
}
