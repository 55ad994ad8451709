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

    [Description("The key service gave a process the keys of a tenant, once in KEY_CACHE_SECONDS; `detail` names the versions.")]
    UseKey,

    [Description("A new version of a tenant's key was made.")]
    MakeKey,

    [Description("Somebody began a rotation of a tenant's key, or went on with it.")]
    RotateKeys,

    [Description("Records are about to be sealed anew under the newest version of the tenant's key.")]
    ResealRecords,

    [Description("A tenant's key was wrapped anew by the key service.")]
    RewrapKey,

    [Description("Versions of a tenant's key that no record is under any more were retired.")]
    RetireKeys,

    [Description("Versions of a tenant's key that no backup needs any more were destroyed.")]
    DestroyKeys,

    [Description("The keys of a patient were destroyed, and with them what is stored about the patient.")]
    ErasePatient,

    [Description("All keys of a tenant were destroyed. It is in the platform's log: the tenant's has no key any more.")]
    EraseTenant,

    [Description("A legal hold was placed; it is of the whole tenant where no patient is named.")]
    PlaceHold,

    [Description("A legal hold was released.")]
    ReleaseHold,

    [Description("Events, or the proof of one, are about to be given out as a file.")]
    ExportAuditTrail,

    [Description("Keys that the MACs of a month are checked with are about to be given out.")]
    ExportAuditKeys,

    [Description("A tenant was registered, suspended or resumed. It is in the platform's log.")]
    ChangeTenant,

    [Description("A tenant's identity provider was registered, replaced or removed. It is in the platform's log.")]
    ChangeIssuer,

    [Description("Alerts, or the list of watched patients, were read.")]
    ReviewAlerts,

    [Description("An alert was signed off, in the transaction that did it; `detail` names the alert and the conclusion.")]
    SignOffAlert,

    [Description("A patient was put on the list of watched ones, in the transaction that did it; `detail` is the patient's id.")]
    WatchPatient,

    [Description("A patient was taken off the list of watched ones, likewise.")]
    UnwatchPatient,

    [Description("A month's events are about to be written to the place of archives.")]
    ArchiveAuditTrail,

    [Description("A month's events were destroyed, because their time was over: `detail` holds the month, how many they were, the root that was last signed of them and the hash of the archive. It is in the platform's log where the tenant has no key any more.")]
    DestroyLog,

    [Description("How many years a tenant's events are kept was set.")]
    SetRetention,
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

    [Description("Somebody at the command line; `actor` is the name (AUDIT_OPERATOR, or the user of the operating system) and the login at the database, `name@login`.")]
    Operator,

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
