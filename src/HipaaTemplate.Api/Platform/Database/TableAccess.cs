namespace HipaaTemplate.Platform.Database;

/// <summary>
/// What the API's role may do with a table. It stands on the table in the model and in the
/// migrations as an annotation, and the SQL generator turns it into policies and grants.
/// </summary>
internal static class TableAccess
{
    public const string Annotation = "HipaaTemplate:Access";

    /// <summary>Forced row-level security by tenant; read, insert, update and delete inside it.</summary>
    public const string Tenant = "tenant";

    /// <summary>Forced row-level security by tenant; the API reads and adds, and changes nothing.</summary>
    public const string TenantAppend = "tenant-append";

    /// <summary>One row for all tenants: the API reads, migrations and verbs write.</summary>
    public const string GlobalReadOnly = "global-read-only";

    /// <summary>
    /// Rows for all tenants that the API adds and cannot take back: none is changed, and one is removed when
    /// its <c>expires_at</c> has passed, not before. Row-level security sees to it.
    /// </summary>
    public const string GlobalExpiring = "global-expiring";
}
