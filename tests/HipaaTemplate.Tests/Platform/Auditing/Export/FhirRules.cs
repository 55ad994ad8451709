using System.Text.Json;
using System.Text.RegularExpressions;

namespace HipaaTemplate.Tests.Platform.Auditing.Export;

/// <summary>
/// What the published definitions demand of an AuditEvent, written out: FHIR 4.0.1, and IHE BALP 1.1.4 (of 2025-10-31). No
/// validator of FHIR runs here.
/// </summary>
internal static partial class FhirRules
{
    private const string Dicom = "http://dicom.nema.org/resources/ontology/DCM";
    private const string EntityType = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
    private const string ObjectRole = "http://terminology.hl7.org/CodeSystem/object-role";
    private const string Participation = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
    private const string Balp = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.";

    /// <summary>Members of each element that may be there (R4, §6.4.3), of those that are used at all.</summary>
    private static readonly Dictionary<string, string[]> Members = new()
    {
        [""] = ["resourceType", "id", "meta", "type", "subtype", "action", "recorded", "outcome", "outcomeDesc", "purposeOfEvent", "agent", "source", "entity"],
        ["agent"] = ["type", "role", "who", "altId", "name", "requestor", "policy", "media", "network", "purposeOfUse"],
        ["network"] = ["address", "type"],
        ["source"] = ["site", "observer", "type"],
        ["entity"] = ["what", "type", "role", "lifecycle", "securityLabel", "name", "description", "query", "detail"],
        ["who"] = ["reference", "type", "identifier", "display"],
        ["what"] = ["reference", "type", "identifier", "display"],
        ["observer"] = ["reference", "type", "identifier", "display"],
    };

    /// <summary>A profile's name, its action, interactions, and codes of client, server and user.</summary>
    private static readonly Profile[] Profiles =
    [
        new("Read", "R", ["read", "vread"], $"{Dicom}|110152", $"{Dicom}|110153", ["IRCP"]),
        new("Query", "E", ["search", "search-type", "search-system"], $"{Dicom}|110153", $"{Dicom}|110152", ["IRCP"]),
        new("Create", "C", ["create"], $"{Dicom}|110153", $"{Dicom}|110152", ["AUT", "INF", "CST"]),
        new("Update", "U", ["update", "patch"], $"{Dicom}|110153", $"{Dicom}|110152", ["AUT", "INF", "CST"]),
        new("Delete", "D", ["delete"], $"{Dicom}|110150", "http://terminology.hl7.org/CodeSystem/provenance-participant-type|custodian", ["AUT", "INF", "CST"]),
    ];

    /// <returns>What is wrong with it.</returns>
    public static IReadOnlyList<string> Problems(JsonElement resource)
    {
        List<string> problems = [];
        void Must(bool holds, string rule)
        {
            if (!holds)
            {
                problems.Add(rule);
            }
        }

        CheckEmptiness(resource, "", Must);
        CheckMembers(resource, "", Must);
        Must(Text(resource, "resourceType") == "AuditEvent", "resourceType");
        Must(IdPattern().IsMatch(Text(resource, "id") ?? ""), "id");
        Must(resource.TryGetProperty("type", out var type) && Code(type) is not null, "type 1..1");
        Must(Text(resource, "action") is "C" or "R" or "U" or "D" or "E", "action");
        Must(InstantPattern().IsMatch(Text(resource, "recorded") ?? ""), "recorded 1..1");
        Must(Text(resource, "outcome") is "0" or "4" or "8" or "12", "outcome");
        Must(resource.TryGetProperty("source", out var source) && IsReference(source, "observer"), "source.observer 1..1");
        var agents = Elements(resource, "agent");
        Must(agents.Count > 0, "agent 1..*");
        Must(agents.TrueForAll(agent => agent.TryGetProperty("requestor", out var asked) && asked.ValueKind is JsonValueKind.True or JsonValueKind.False), "agent.requestor 1..1");
        Must(agents.Count(agent => agent.TryGetProperty("requestor", out var asked) && asked.ValueKind == JsonValueKind.True) == 1, "one agent asked");
        Must(agents.TrueForAll(agent => !agent.TryGetProperty("network", out var network) || Text(network, "type") is "1" or "2" or "3" or "4" or "5"), "agent.network.type");
        var entities = Elements(resource, "entity");
        Must(entities.TrueForAll(entity => !entity.TryGetProperty("name", out _) || !entity.TryGetProperty("query", out _)), "sev-1");
        Must(entities.TrueForAll(entity => !entity.TryGetProperty("what", out _) || IsReference(entity, "what")), "entity.what");
        if (resource.TryGetProperty("meta", out var meta))
        {
            CheckProfile(resource, meta.GetProperty("profile")[0].GetString()!, agents, entities, Must);
        }

        return problems;
    }

    private static void CheckProfile(JsonElement resource, string url, List<JsonElement> agents, List<JsonElement> entities, Action<bool, string> must)
    {
        var hasPatient = url.StartsWith($"{Balp}Patient", StringComparison.Ordinal);
        var profile = Profiles.Single(one => url == $"{Balp}{(hasPatient ? "Patient" : "")}{one.Name}");
        must(resource.TryGetProperty("type", out var type) && Code(type) == "http://terminology.hl7.org/CodeSystem/audit-event-type|rest", "type rest");
        must(Text(resource, "action") == profile.Action, "action of the profile");
        must(Text(resource, "outcome") == "0", "a profile is of what succeeded");
        must(Elements(resource, "subtype").Exists(subtype => profile.Interactions.Any(one => Code(subtype) == $"http://hl7.org/fhir/restful-interaction|{one}")), "subtype");
        foreach (var (role, code) in new[] { ("client", profile.Client), ("server", profile.Server) })
        {
            var ones = agents.FindAll(agent => AgentCode(agent) == code);
            must(ones.Count == 1, $"{role} 1..1");
            must(ones.TrueForAll(agent => IsReference(agent, "who") && agent.TryGetProperty("network", out _) && !agent.TryGetProperty("media", out _)), $"{role} who and network 1..1, media 0..0");
        }

        var users = agents.FindAll(agent => profile.User.Any(one => AgentCode(agent) == $"{Participation}|{one}"));
        must(users.Count <= 1, "user 0..1");
        must(users.TrueForAll(user => IsReference(user, "who") && user.GetProperty("requestor").GetBoolean() && !user.TryGetProperty("network", out _) && !user.TryGetProperty("media", out _)), "user");
        var transactions = entities.FindAll(entity => TypeOf(entity) == "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType|XrequestId");
        must(transactions.Count <= 1 && transactions.TrueForAll(entity => Text(entity.GetProperty("what").GetProperty("identifier"), "value") is not null), "transaction 0..1");
        var objects = entities.FindAll(entity => TypeOf(entity) == $"{EntityType}|2");
        must(objects.Count == 1, "data or query 1..1");
        must(objects.TrueForAll(entity => profile.Name == "Query" ? IsQuery(entity) : IsData(entity)), "data or query");
        var patients = entities.FindAll(entity => TypeOf(entity) == $"{EntityType}|1");
        must(patients.Count == (hasPatient ? 1 : 0), "patient 1..1");
        must(patients.TrueForAll(entity => RoleOf(entity) == $"{ObjectRole}|1" && Text(entity.GetProperty("what"), "reference")!.StartsWith("Patient/", StringComparison.Ordinal)), "patient");
    }

    private static bool IsQuery(JsonElement entity) =>
        RoleOf(entity) == $"{ObjectRole}|24" && Convert.FromBase64String(Text(entity, "query") ?? "").Length > 0
        && !entity.TryGetProperty("what", out _) && !entity.TryGetProperty("detail", out _) && !entity.TryGetProperty("lifecycle", out _);

    private static bool IsData(JsonElement entity) =>
        RoleOf(entity) is $"{ObjectRole}|4" or $"{ObjectRole}|3" or $"{ObjectRole}|20" && IsReference(entity, "what");

    /// <summary>ele-1: nothing is there without a value.</summary>
    private static void CheckEmptiness(JsonElement element, string path, Action<bool, string> must)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                must(element.EnumerateObject().Any(), $"{path} is empty");
                foreach (var member in element.EnumerateObject())
                {
                    CheckEmptiness(member.Value, $"{path}.{member.Name}", must);
                }

                break;
            case JsonValueKind.Array:
                must(element.GetArrayLength() > 0, $"{path} is empty");
                foreach (var item in element.EnumerateArray())
                {
                    CheckEmptiness(item, path, must);
                }

                break;
            case JsonValueKind.String:
                must(element.GetString()!.Trim().Length > 0, $"{path} is empty");
                break;
            case JsonValueKind.Null:
                must(false, $"{path} is null");
                break;
        }
    }

    private static void CheckMembers(JsonElement element, string name, Action<bool, string> must)
    {
        if (element.ValueKind == JsonValueKind.Array)
        {
            element.EnumerateArray().ToList().ForEach(item => CheckMembers(item, name, must));
        }
        else if (element.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in element.EnumerateObject())
            {
                must(!Members.TryGetValue(name, out var known) || known.Contains(member.Name), $"{name} has no {member.Name}");
                CheckMembers(member.Value, member.Name, must);
            }
        }
    }

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static List<JsonElement> Elements(JsonElement element, string name) =>
        element.TryGetProperty(name, out var values) ? [.. values.EnumerateArray()] : [];

    private static string? Code(JsonElement coding) => Text(coding, "code") is { } code ? $"{Text(coding, "system")}|{code}" : null;

    private static string? AgentCode(JsonElement agent) => Code(agent.GetProperty("type").GetProperty("coding")[0]);

    private static string? TypeOf(JsonElement entity) => entity.TryGetProperty("type", out var type) ? Code(type) : null;

    private static string? RoleOf(JsonElement entity) => entity.TryGetProperty("role", out var role) ? Code(role) : null;

    /// <summary>ref-1 and what a Reference needs to say anything.</summary>
    private static bool IsReference(JsonElement element, string name) => element.TryGetProperty(name, out var reference)
        && (Text(reference, "reference") is not null || Text(reference, "display") is not null
            || (reference.TryGetProperty("identifier", out var identifier) && Text(identifier, "value") is not null));

    [GeneratedRegex("^[A-Za-z0-9.-]{1,64}$", RegexOptions.None, 1000)]
    private static partial Regex IdPattern();

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex InstantPattern();

    private sealed record Profile(string Name, string Action, string[] Interactions, string Client, string Server, string[] User);
}
