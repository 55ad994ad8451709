using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace HipaaTemplate.Platform.Auditing.Export;

/// <summary>An event as AuditEvent resources of FHIR R4 (4.0.1), by the profiles of IHE BALP 1.1.4 where they have one.</summary>
/// <param name="trail">AUDIT_LOG_NAME: the server that observed it.</param>
/// <param name="kinds">Names of tables.</param>
internal sealed class FhirAuditEvent(string trail, RecordKinds kinds)
{
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'";
    private const string MachineName = "1";
    private const string IpAddress = "2";

    private static readonly JsonSerializerOptions Options = new()
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
    };

    private static readonly FhirCoding Person = new("http://terminology.hl7.org/CodeSystem/audit-entity-type", "1", "Person");
    private static readonly FhirCoding SystemObject = Person with { Code = "2", Display = "System Object" };
    private static readonly FhirCoding Other = Person with { Code = "4", Display = "Other" };
    private static readonly FhirCoding Patient = new("http://terminology.hl7.org/CodeSystem/object-role", "1", "Patient");
    private static readonly FhirCoding DomainResource = Patient with { Code = "4", Display = "Domain Resource" };
    private static readonly FhirCoding Query = Patient with { Code = "24", Display = "Query" };
    private static readonly FhirCoding ApplicationServer = new("http://terminology.hl7.org/CodeSystem/security-source-type", "4", "Application Server");
    private static readonly FhirCoding RequestId = new(
        "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType", "XrequestId", "transport specific unique identifier where http X-Request-Id is used");

    /// <summary>One line each. The id of one is the event's; those of several are numbered after it.</summary>
    /// <exception cref="NotSupportedException">This version does not know a word of the event.</exception>
    public IEnumerable<string> Lines(AuditEntry entry)
    {
        var parts = FhirMapping.PartsOf(entry).ToList();
        return parts.Select((part, index) => Line(entry, parts.Count == 1 ? $"{entry.Id}" : $"{entry.Id}-{index + 1}", part));
    }

    private string Line(AuditEntry entry, string id, FhirPart part)
    {
        var (interaction, outcome) = (part.Interaction, FhirMapping.OutcomeOf(entry));
        var profile = interaction.ProfileOf(part.Patient is not null, outcome == "0");
        var entities = EntitiesOf(entry, part).ToList();
        return JsonSerializer.Serialize(
            new
            {
                ResourceType = "AuditEvent",
                id,
                Meta = profile is null ? null : new { Profile = new[] { profile } },
                interaction.Type,
                Subtype = interaction.Subtype is { } subtype ? new[] { subtype } : null,
                Action = interaction.Action.ToString(),
                Recorded = entry.At.UtcDateTime.ToString(TimeFormat, null),
                outcome,
                OutcomeDesc = entry.Code,
                PurposeOfEvent = PurposeOf(entry),
                Agent = AgentsOf(entry, interaction),
                Source = new
                {
                    Site = entry.Tenant.ToString(),
                    Observer = new { Identifier = Uuid(entry.Writer), Display = trail },
                    Type = new[] { ApplicationServer },
                },
                Entity = entities.Count == 0 ? null : entities,
            },
            Options);
    }

    private List<object> AgentsOf(AuditEntry entry, FhirInteraction interaction)
    {
        var isPerson = FhirMapping.IsPerson(entry);
        List<object> agents =
        [
            new
            {
                Type = Concept(interaction.Client),
                Who = entry.Address is { } address ? (object)new { Identifier = new { Value = address } } : new { Display = isPerson ? trail : entry.Actor ?? "unknown" },
                Requestor = !isPerson,
                Network = entry.Address is null ? new { Address = trail, Type = MachineName } : new { entry.Address, Type = IpAddress },
            },
            new
            {
                Type = Concept(interaction.Server),
                Who = new { Identifier = new { Value = trail } },
                Requestor = false,
                Network = new { Address = trail, Type = MachineName },
            },
        ];
        if (isPerson)
        {
            agents.Add(new
            {
                Type = Concept(interaction.User),
                Who = entry.Actor is { } actor ? (object)new { Identifier = new { Value = actor } } : new { Display = "unknown" },
                Requestor = true,
                PurposeOfUse = PurposeOf(entry),
            });
        }

        return agents;
    }

    private IEnumerable<object> EntitiesOf(AuditEntry entry, FhirPart part)
    {
        if (part.Patient is { } patient)
        {
            yield return new { What = new { Reference = $"Patient/{patient}" }, Type = Person, Role = Patient };
        }

        var others = part.Rows;
        if (part.Interaction == FhirInteraction.Search)
        {
            // What was looked for is patients' data, and in no event.
            yield return new { Type = SystemObject, Role = Query, Query = Convert.ToBase64String(Encoding.UTF8.GetBytes(entry.Endpoint ?? entry.Action)) };
        }
        else if (part.Interaction.IsRest)
        {
            yield return new
            {
                What = part.Rows.Count > 0 ? Row(part.Rows[0]) : new { Display = entry.Endpoint ?? entry.Action },
                Type = SystemObject,
                Role = DomainResource,
            };
            others = [.. part.Rows.Skip(1)];
        }

        foreach (var row in others)
        {
            yield return new { What = Row(row), Type = Other, Role = DomainResource };
        }

        if (entry.Request is { } request)
        {
            yield return new { What = new { Identifier = new { Value = request } }, Type = RequestId, Description = entry.Endpoint };
        }

        if (entry.Detail is { } detail)
        {
            yield return new { Type = Other, Description = detail };
        }
    }

    private object Row(AuditedRecord row) => new { Identifier = Uuid(row.Id), Display = kinds.NameOf(row.Table) };

    private static object Uuid(Guid id) => new { System = "urn:ietf:rfc:3986", Value = $"urn:uuid:{id}" };

    private static object Concept(FhirCoding coding) => new { Coding = new[] { coding } };

    private static object[]? PurposeOf(AuditEntry entry) => entry.Purpose is { } purpose
        ? [new { Coding = new[] { new { System = "http://terminology.hl7.org/CodeSystem/v3-ActReason", Code = purpose } } }]
        : null;
}
