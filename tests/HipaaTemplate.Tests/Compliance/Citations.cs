namespace HipaaTemplate.Tests.Compliance;

/// <summary>What a test may be marked with; each has its row in <see cref="Safeguards"/>.</summary>
internal static class Citations
{
    public const string RiskAnalysis = "164.308(a)(1)(ii)(A)";
    public const string ActivityReview = "164.308(a)(1)(ii)(D)";
    public const string Termination = "164.308(a)(3)(ii)(C)";
    public const string AccessManagement = "164.308(a)(4)";
    public const string LogInMonitoring = "164.308(a)(5)(ii)(C)";
    public const string Incidents = "164.308(a)(6)";
    public const string Contingency = "164.308(a)(7)";
    public const string Evaluation = "164.308(a)(8)";
    public const string BusinessAssociates = "164.308(b)";
    public const string Media = "164.310(d)(2)";
    public const string AccessControl = "164.312(a)(1)";
    public const string UniqueUser = "164.312(a)(2)(i)";
    public const string EmergencyAccess = "164.312(a)(2)(ii)";
    public const string AutomaticLogoff = "164.312(a)(2)(iii)";
    public const string Encryption = "164.312(a)(2)(iv)";
    public const string AuditControls = "164.312(b)";
    public const string Integrity = "164.312(c)(1)";
    public const string AuthenticateData = "164.312(c)(2)";
    public const string Authentication = "164.312(d)";
    public const string Transmission = "164.312(e)(1)";
    public const string EncryptionInTransit = "164.312(e)(2)";
    public const string Organisational = "164.314";
    public const string Documentation = "164.316(b)";
    public const string Retention = "164.316(b)(2)(i)";
    public const string BreachNotification = "164.404-410";
    public const string Accounting = "164.528";
    public const string Inventory = "NPRM inventory";
    public const string Segmentation = "NPRM segmentation";
    public const string Patching = "NPRM patching";
    public const string AntiMalware = "NPRM anti-malware";
    public const string Ports = "NPRM ports";
    public const string Alerts = "NPRM alerts";
}
