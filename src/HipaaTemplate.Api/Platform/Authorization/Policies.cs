namespace HipaaTemplate.Platform.Authorization;

/// <summary>Roles as the identity provider's token names them.</summary>
internal static class Roles
{
    public const string Patient = "patient";
    public const string Doctor = "doctor";
    public const string Admin = "admin";

    public static readonly string[] All = [Patient, Doctor, Admin];
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

    /// <summary>The roles of each policy; docs and the access tests read the same table.</summary>
    public static readonly IReadOnlyDictionary<string, string[]> RolesOf = new Dictionary<string, string[]>
    {
        [ReadRecords] = [Roles.Doctor, Roles.Admin],
        [WriteRecords] = [Roles.Doctor, Roles.Admin],
        [DeleteRecords] = [Roles.Admin],
        [ReadOwnAccount] = Roles.All,
        [RevokeTokens] = [Roles.Admin],
        [ReviewAuditTrail] = [Roles.Admin],
    };
}
