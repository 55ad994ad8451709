namespace HipaaTemplate.Platform.Auditing.Export;

internal sealed record FhirCoding(string System, string Code, string Display);

/// <summary>
/// What an AuditEvent says of the kind of event: its codes, and those of who takes part, as the profiles of IHE BALP 1.1.4 have
/// them. In a search the parameters flow to the server, so that there the client is the source.
/// </summary>
/// <param name="Action">C, R, U, D or E.</param>
/// <param name="Type">Of the event.</param>
/// <param name="Subtype">Of the event.</param>
/// <param name="Client">The agent that asked.</param>
/// <param name="Server">The agent that answered.</param>
/// <param name="User">The person.</param>
internal sealed record FhirInteraction(
    char Action, FhirCoding Type, FhirCoding? Subtype, FhirCoding Client, FhirCoding Server, FhirCoding User)
{
    public static readonly FhirInteraction Read = new('R', Rest, Restful("read"), Destination, Source, Recipient) { Profile = "Read" };
    public static readonly FhirInteraction Search = new('E', Rest, Restful("search"), Source, Destination, Recipient) { Profile = "Query" };
    public static readonly FhirInteraction Create = new('C', Rest, Restful("create"), Source, Destination, Author) { Profile = "Create" };
    public static readonly FhirInteraction Update = new('U', Rest, Restful("update"), Source, Destination, Author) { Profile = "Update" };
    public static readonly FhirInteraction Delete = new(
        'D',
        Rest,
        Restful("delete"),
        Dicom("110150", "Application"),
        new("http://terminology.hl7.org/CodeSystem/provenance-participant-type", "custodian", "Custodian"),
        Author)
    { Profile = "Delete" };

    public static readonly FhirInteraction Login = Activity("110114", "User Authentication", Dicom("110122", "Login"));

    public static readonly FhirInteraction AuditLogUsed = Activity("110101", "Audit Log Used");
    public static readonly FhirInteraction Export = Activity("110106", "Export");
    public static readonly FhirInteraction PatientRecord = Activity("110110", "Patient Record");
    public static readonly FhirInteraction KeyUsed = SecurityAlert("110132", "Use of Restricted Function");
    public static readonly FhirInteraction SecurityConfigured = SecurityAlert("110129", "Security Configuration");
    public static readonly FhirInteraction ObjectSecurityChanged = SecurityAlert("110135", "Object Security Attributes Changed");

    private const string Balp = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit";

    /// <summary>The part of its name that comes after Patient, where there is one.</summary>
    public string? Profile { get; private init; }

    public bool IsRest => Type == Rest;

    private static FhirCoding Rest => new("http://terminology.hl7.org/CodeSystem/audit-event-type", "rest", "RESTful Operation");

    private static FhirCoding Source => Dicom("110153", "Source Role ID");

    private static FhirCoding Destination => Dicom("110152", "Destination Role ID");

    private static FhirCoding Recipient => new("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP", "information recipient");

    private static FhirCoding Author => new("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "AUT", "author (originator)");

    /// <summary>What is no use of patients' data, by a code of DICOM's audit events (PS3.16, CID 400).</summary>
    public static FhirInteraction Activity(string code, string display, FhirCoding? subtype = null) =>
        new('E', Dicom(code, display), subtype, Source, Destination, Author);

    /// <summary>What was done to a row.</summary>
    public static FhirInteraction Of(char access) => access switch
    {
        'C' => Create,
        'R' => Read,
        'U' => Update,
        'D' => Delete,
        _ => throw new ArgumentOutOfRangeException(nameof(access)),
    };

    /// <summary>What was refused: by its method. A POST may be anything.</summary>
    public static FhirInteraction OfEndpoint(string? endpoint) => endpoint?.Split(' ')[0] switch
    {
        "GET" or "HEAD" => Read,
        "PUT" => Update,
        "PATCH" => Update with { Subtype = Restful("patch") },
        "DELETE" => Delete,
        _ => new('E', Rest, Restful("operation"), Source, Destination, Author),
    };

    /// <summary>The profiles are of what succeeded.</summary>
    public string? ProfileOf(bool hasPatient, bool isSuccess) =>
        Profile is not null && isSuccess ? $"{Balp}.{(hasPatient ? "Patient" : "")}{Profile}" : null;

    private static FhirInteraction SecurityAlert(string code, string display) => Activity("110113", "Security Alert", Dicom(code, display));

    private static FhirCoding Restful(string code) => new("http://hl7.org/fhir/restful-interaction", code, code);

    private static FhirCoding Dicom(string code, string display) => new("http://dicom.nema.org/resources/ontology/DCM", code, display);
}
