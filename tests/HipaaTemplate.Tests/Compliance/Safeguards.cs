namespace HipaaTemplate.Tests.Compliance;

internal enum Demand
{
    Required,
    Addressable,

    /// <summary>Of the rule that was proposed on 2025-01-06 and is not law.</summary>
    Proposed,
}

/// <param name="Citation">Of 45 CFR.</param>
/// <param name="Demand">How much the rule wants it.</param>
/// <param name="Asks">What it asks, in one line.</param>
internal sealed record Safeguard(string Citation, Demand Demand, string Asks)
{
    /// <summary>What does it here; null where nothing does.</summary>
    public string? Control { get; init; }

    /// <summary>What software could do and this does not.</summary>
    public string? Missing { get; init; }

    /// <summary>What only people can do.</summary>
    public string? Yours { get; init; }
}

/// <summary>
/// Every safeguard that software has a part in, and those that look as if it had. One without a control and with nothing missing
/// is left to the organisation.
/// </summary>
internal static class Safeguards
{
    public static readonly IReadOnlyList<Safeguard> All =
    [
        new(Citations.RiskAnalysis, Demand.Required, "assess the risks to patients' data")
        {
            Yours = "the analysis, and what you do about it. [Limits](explanation/audit.md#what-it-does-not-stop) of what is built are a beginning",
        },
        new(Citations.ActivityReview, Demand.Required, "review records of activity regularly")
        {
            Control = "rules raise alerts from what was sealed; a queue of them with sign-off, which is itself an event; the trail is read over HTTP",
            Yours = "somebody who reviews",
        },
        new(Citations.Termination, Demand.Addressable, "end access when somebody leaves; proposed: within an hour")
        {
            Control = "logout at the identity provider and an administrator's revocation end tokens on every instance within 5 s; a suspended tenant is refused",
            Yours = "to tell the identity provider",
        },
        new(Citations.AccessManagement, Demand.Required, "authorise access by role")
        {
            Control = "a named policy for each endpoint, with roles of the token; every endpoint, role and tenant tried",
            Missing = "consent",
        },
        new(Citations.LogInMonitoring, Demand.Addressable, "monitor log-ins and report discrepancies")
        {
            Control = "a token that is refused is an event of the trail, and many from one address are an alert",
        },
        new(Citations.Incidents, Demand.Required, "respond to incidents and document them")
        {
            Missing = "a report of the patients that one account saw in a window",
            Yours = "a plan, and people who follow it",
        },
        new(Citations.Contingency, Demand.Required, "back up, restore, operate in an emergency; proposed: restored in 72 h, copies at most 48 h old")
        {
            Missing = "a backup job and a restore that is tried on a schedule",
            Yours = "the plan, and backups of your PostgreSQL and of the key provider",
        },
        new(Citations.Evaluation, Demand.Required, "evaluate regularly; proposed: an audit each 12 months")
        {
            Control = "`compliance.json` and this page come out of every run of the tests",
            Missing = "a signed report, and a red build when the last one is over 12 months old",
            Yours = "the evaluation of everything that is no software",
        },
        new(Citations.BusinessAssociates, Demand.Required, "contracts with whoever handles the data for you")
        {
            Yours = "an agreement (BAA) with your cloud, identity provider, key provider and everybody else who could see the data",
        },
        new(Citations.Media, Demand.Required, "dispose of data and media")
        {
            Control = "a patient or a tenant is erased by destroying its key, in backups too once they are restored; a signed certificate says so",
            Yours = "hardware, paper, exports",
        },
        new(Citations.AccessControl, Demand.Required, "only those who were granted access get it")
        {
            Control = "verified token, tenant, policy, denied by default; tenants apart by claim, query filter and forced row-level security, each tested without the others",
        },
        new(Citations.UniqueUser, Demand.Required, "a name or number for each user")
        {
            Control = "a user is one subject of one issuer in one tenant; events name that id",
            Yours = "that nobody shares a sign-in",
        },
        new(Citations.EmergencyAccess, Demand.Required, "get at the data in an emergency")
        {
            Missing = "break-glass access with a reason, an end, an alert and a review",
            Yours = "who may use it, and what they do when the system is down",
        },
        new(Citations.AutomaticLogoff, Demand.Addressable, "end a session after a time")
        {
            Control = "a token that has expired, lives too long or was logged out is refused",
            Missing = "an end after idling: the identity provider and the single-page app have to do that",
        },
        new(Citations.Encryption, Demand.Addressable, "encrypt and decrypt; proposed: required")
        {
            Control = "every field of a patient is sealed (AES-256-GCM or XAES-256-GCM) under a key of the patient, wrapped by the tenant's, wrapped by AWS KMS, Vault or Akeyless. [Limits](explanation/encryption.md#what-a-dba-can-still-do)",
            Yours = "disks and backups of everything else",
        },
        new(Citations.AuditControls, Demand.Required, "record and examine activity")
        {
            Control = "every access to a patient, reads and refusals included, is an event before it is answered; the API can only add; sealed each second, signed, anchored, and checked by two verifiers without the server. [Limits](explanation/audit.md#what-it-does-not-stop)",
        },
        new(Citations.Integrity, Demand.Required, "protect from improper change and destruction")
        {
            Control = "a change names the version it is of (`If-Match`); a removal is a mark, and an event; while a legal hold stands nothing is erased",
        },
        new(Citations.AuthenticateData, Demand.Addressable, "notice that data was changed or destroyed without authority")
        {
            Control = "every sealed field is authenticated for its row, column, table, tenant and key version",
            Missing = "an older value that is put back into its own place, and what is not sealed",
        },
        new(Citations.Authentication, Demand.Required, "verify who asks; proposed: several factors")
        {
            Control = "access tokens of OpenID Connect by every check of RFC 8725; bound to a key (DPoP); several factors where a policy wants them (`STEP_UP_POLICIES`)",
            Missing = "several factors on every endpoint by default, as proposed",
            Yours = "the identity provider, and its factors",
        },
        new(Citations.Transmission, Demand.Required, "guard data on its way")
        {
            Control = "TLS 1.2 or newer where the process terminates it; fields are sealed before they travel to PostgreSQL",
            Yours = "TLS where something else terminates it",
        },
        new(Citations.EncryptionInTransit, Demand.Addressable, "integrity and encryption on the way; proposed: required")
        {
            Control = "https only to services of keys and secrets outside development",
            Missing = "a start that is refused without `sslmode=verify-full` to PostgreSQL: set it in `DATABASE_URL`",
        },
        new(Citations.Organisational, Demand.Required, "what contracts with business associates must say") { Yours = "the contracts" },
        new(Citations.Documentation, Demand.Required, "policies in writing, kept six years") { Yours = "the policies" },
        new(Citations.Retention, Demand.Required, "keep what is required in writing for six years; records of activity are such")
        {
            Control = "months of the trail are archived, kept seven years or a tenant's own term of six and more, held while a legal hold stands, and destroyed with an event",
            Yours = "running `audit archive` and `audit retire`, and keeping the archives",
        },
        new(Citations.BreachNotification, Demand.Required, "tell patients of a breach, unless the data was unreadable")
        {
            Control = "keys are kept apart from the data: a dump, a disk or a log holds no patient's word, and outside development there is no start without a key provider",
            Missing = "a report of whom a breach concerns",
            Yours = "whether it is a breach, and telling",
        },
        new(Citations.Accounting, Demand.Required, "tell a patient to whom the data was disclosed")
        {
            Control = "`audit export --format csv`: every disclosure that the trail has, for one patient",
            Yours = "[what the software cannot know](how-to/export-the-audit-trail.md#an-accounting-of-disclosures)",
        },
        new(Citations.Inventory, Demand.Proposed, "an inventory of assets and a map of the network")
        {
            Control = "[where patients' data is](PHI_INVENTORY.md), generated from the model",
            Missing = "a list of packages (SBOM), a map of the network",
        },
        new(Citations.Segmentation, Demand.Proposed, "segment the network") { Missing = "rules of infrastructure, and a test of them" },
        new(Citations.Patching, Demand.Proposed, "patch in 15 or 30 days, scan each 6 months, test each 12")
        {
            Missing = "a red build when a date has passed",
            Yours = "the scans, and patches of what runs it",
        },
        new(Citations.AntiMalware, Demand.Proposed, "keep malware out") { Missing = "a scan of uploads; there are no uploads yet" },
        new(Citations.Ports, Demand.Proposed, "disable ports that are not used") { Missing = "a test of what listens" },
        new(Citations.Alerts, Demand.Proposed, "alerts of audit events in real time")
        {
            Control = "rules over what was sealed in the last seconds, and a signed webhook with retries",
        },
    ];
}
