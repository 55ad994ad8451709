using System.ComponentModel;
using System.Reflection;
using HipaaTemplate.Platform.Http;

namespace HipaaTemplate.Platform.Auditing;

/// <summary>
/// Every kind of event in the trail; docs/AUDIT_EVENTS.md is made of it. A word that was written once is never
/// given another meaning.
/// </summary>
internal enum AuditAction
{
    [Description("Data of patients was revealed; `records` names the rows.")]
    ReadRecords,

    [Description("Data of patients was created, changed or removed, in the transaction that did it; rows that the same request revealed are named with them.")]
    ChangeRecords,

    [Description("Somebody looked for patients, whether or not one was found; `records` names what was shown of them.")]
    SearchRecords,

    [Description("Somebody read the audit trail, or who opened a patient's record; `patients` names whose, where it was asked for one.")]
    ReadAuditTrail,

    [Description("Somebody who is known was not let in, or asked for what is not there for them; `code` says why.")]
    RefuseAccess,

    [Description("A token was refused. Who sent it is not known, so it is in the platform's log.")]
    RefuseSignIn,

    [Description("Alerts, or the list of watched patients, were read.")]
    ReviewAlerts,

    [Description("An alert was signed off, in the transaction that did it; `detail` names the alert and the conclusion.")]
    SignOffAlert,

    [Description("A patient was put on the list of watched ones, in the transaction that did it; `detail` is the patient's id.")]
    WatchPatient,

    [Description("A patient was taken off the list of watched ones, likewise.")]
    UnwatchPatient,
}

internal enum AuditOutcome
{
    [Description("It was done, and what it revealed was given out after this event was stored.")]
    Success,

    [Description("It was not allowed, or there was nothing of that kind for this actor.")]
    Refused,
}

internal enum AuditActorType
{
    [Description("A user of the tenant; `actor` is the id that `GET /api/v1/me` shows.")]
    User,

    [Description("A process of this product, not on behalf of a person; `actor` is its name.")]
    System,

    [Description("Nobody who proved who they are.")]
    Unknown,
}

internal static class AuditWords
{
    /// <summary>As it is stored: snake_case.</summary>
    public static string Word(this Enum value) => EnumWordConverterFactory.WordOf(value.ToString());

    public static string Meaning(this Enum value) => value.GetType().GetField(value.ToString())!
        .GetCustomAttribute<DescriptionAttribute>()!.Description;
}
