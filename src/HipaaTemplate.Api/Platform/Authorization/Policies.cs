namespace HipaaTemplate.Platform.Authorization;

/// <summary>Roles as the identity provider's token names them.</summary>
internal static class Roles
{
    public const string Patient = "patient";
    public const string Doctor = "doctor";
    public const string Admin = "admin";

    /// <summary>Reads who did what, and no patient's data.</summary>
    public const string Auditor = "auditor";

    public static readonly string[] All = [Patient, Doctor, Admin, Auditor];
}

/// <summary>
/// Who may do what. Endpoints name one of these; everything without a name is refused.
/// </summary>
internal static class Policies
{
    public const string ReadRecords = nameof(ReadRecords);
    public const string WriteRecords = nameof(WriteRecords);
    public const string DeleteRecords = nameof(DeleteRecords);

    /// <summary>What the token says about oneself.</summary>
    public const string ReadOwnAccount = nameof(ReadOwnAccount);

    /// <summary>End other people's sessions.</summary>
    public const string RevokeTokens = nameof(RevokeTokens);

    /// <summary>Look through alerts of the audit trail, and sign them off.</summary>
    public const string ReviewAuditTrail = nameof(ReviewAuditTrail);

    /// <summary>Who opened and changed which records of the tenant.</summary>
    public const string ReadAuditTrail = nameof(ReadAuditTrail);

    /// <summary>Who opened and changed one's own record.</summary>
    public const string ReadOwnAccessLog = nameof(ReadOwnAccessLog);

    /// <summary>The roles of each policy; docs and the access tests read the same table.</summary>
    public static readonly IReadOnlyDictionary<string, string[]> RolesOf = new Dictionary<string, string[]>
    {
        [ReadRecords] = [Roles.Doctor, Roles.Admin],
        [WriteRecords] = [Roles.Doctor, Roles.Admin],
        [DeleteRecords] = [Roles.Admin],
        [ReadOwnAccount] = Roles.All,
        [RevokeTokens] = [Roles.Admin],
        [ReviewAuditTrail] = [Roles.Auditor, Roles.Admin],
        [ReadAuditTrail] = [Roles.Auditor, Roles.Admin],
        [ReadOwnAccessLog] = [Roles.Patient],
    };
}
