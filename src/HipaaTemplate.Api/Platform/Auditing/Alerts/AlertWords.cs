using System.ComponentModel;

namespace HipaaTemplate.Platform.Auditing.Alerts;

/// <summary>What raised an alert; stored by number and answered by word. Neither is ever given to another rule.</summary>
internal enum AlertRule : short
{
    [Description("One user was shown, or changed, data of more different patients within an hour than AUDIT_ALERT_PATIENTS_PER_HOUR.")]
    Volume = 1,

    [Description("Data of patients was shown or changed outside AUDIT_ALERT_WORKING_HOURS.")]
    AfterHours = 2,

    [Description("Who was shown or changed a patient's data has the patient's family name (AUDIT_ALERT_SAME_FAMILY_NAME).")]
    SameFamilyName = 3,

    [Description("Data of a patient on the tenant's watch list was shown or changed.")]
    WatchedPatient = 4,

    [Description("Data of patients was shown or changed for emergency treatment (`X-Purpose-Of-Use: ETREAT`).")]
    Emergency = 5,

    [Description("One user was refused AUDIT_ALERT_REFUSALS times within ten minutes.")]
    Refusals = 6,

    [Description("Tokens from one address were refused AUDIT_ALERT_REFUSED_SIGN_INS times within ten minutes. Nobody's tenant is known, so it is the platform's.")]
    RefusedSignIns = 7,
}

/// <summary>What a reviewer found. Fixed words, so that no patient's data can be written there.</summary>
internal enum AlertConclusion : short
{
    [Description("There was a reason for it.")]
    Legitimate = 1,

    [Description("There was none.")]
    Violation = 2,

    [Description("Somebody else has to decide.")]
    Escalated = 3,
}
