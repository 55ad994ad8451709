namespace HipaaTemplate.Platform.Database;

/// <summary>
/// The table of events. No EF model knows it: it has a partition a month, and the API only adds to it. Who
/// reads it is hipaa_auditor, and hipaa_reviewer one tenant's events of it.
/// </summary>
internal static class AuditTables
{
    public const string Schema = "audit";
    public const string Events = $"{Schema}.events";
    public const string ReadingPolicy = "audit_reading";

    /// <summary>
    /// Which events name which patient: what the events say, in an order to look it up by. An index on their
    /// array cannot be used under row-level security, because its operator is not leakproof.
    /// </summary>
    public const string PatientEvents = $"{Schema}.patient_events";

    /// <summary>What the API adds to and cannot read.</summary>
    public static readonly string[] Added = [Events, PatientEvents];

    /// <summary>What hipaa_reviewer reads, and all that it may do.</summary>
    public static readonly string[] Reviewed = [.. Added, Leaves, Heads];

    /// <summary>What the sealer and the verbs write; nothing of it is within the API's reach.</summary>
    public static readonly string[] OfSealer = [Leaves, Heads, Seals, SigningKeys, Archives, Retention, Destroyed];

    public const string Leaves = $"{Schema}.leaves";
    public const string Heads = $"{Schema}.heads";
    public const string Seals = $"{Schema}.seals";
    public const string SigningKeys = $"{Schema}.signing_keys";
    public const string Archives = $"{Schema}.archives";
    public const string Retention = $"{Schema}.retention";
    public const string Destroyed = $"{Schema}.destroyed";

    /// <summary>Of pg_policy p: what lets auditors and the sealer read all tenants' events, and nobody else.</summary>
    public const string IsReadingPolicy = $"""
        p.polname = '{ReadingPolicy}' AND p.polpermissive AND p.polcmd = 'r'
                    AND p.polroles <@ ARRAY['{DatabaseRoles.Auditor}'::regrole::oid, '{DatabaseRoles.Sealer}'::regrole::oid]
                    AND pg_get_expr(p.polqual, p.polrelid) = 'true' AND p.polwithcheck IS NULL
        """;

    /// <summary>
    /// Months that have a partition, from now. A deployment that is not migrated for so long answers 503
    /// <c>AUD_001</c> from then on.
    /// </summary>
    public const int MonthsAhead = 24;

    /// <summary>Fewer are worth a warning: who seals makes them long before.</summary>
    public const int FewMonthsAhead = 3;

    /// <summary>For the owner; makes what is missing.</summary>
    public static readonly string MakePartitions = $"SELECT {Schema}.make_partitions({MonthsAhead})";

    /// <summary>The same for hipaa_sealer.</summary>
    public const string ExtendPartitions = $"SELECT {Schema}.extend_partitions()";
}
