using System.Collections.Frozen;

namespace HipaaTemplate.Platform.Auditing;

/// <summary>Why somebody opens a record: codes of HL7 v3 PurposeOfUse, as FHIR's AuditEvent takes them.</summary>
internal static class PurposesOfUse
{
    public const string Header = "X-Purpose-Of-Use";

    /// <summary>Treatment.</summary>
    public const string Standard = "TREAT";

    /// <summary>Emergency treatment.</summary>
    public const string Emergency = "ETREAT";

    public static readonly FrozenDictionary<string, string> All = new Dictionary<string, string>
    {
        [Standard] = "treatment",
        [Emergency] = "emergency treatment",
        ["CAREMGT"] = "care management",
        ["HPAYMT"] = "payment",
        ["HOPERAT"] = "operations",
        ["HQUALIMP"] = "quality improvement",
        ["HRESCH"] = "research",
        ["HLEGAL"] = "legal",
        ["HCOMPL"] = "compliance",
        ["PATADMIN"] = "patient administration",
        ["PATRQT"] = "the patient's own request",
        ["PUBHLTH"] = "public health",
        ["SYSADMIN"] = "system administration",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <returns>Null for one that is not among them.</returns>
    public static string? Read(HttpRequest request) => request.Headers[Header] switch
    {
        { Count: 0 } => Standard,
        [var code] when code is not null && All.ContainsKey(code) => code,
        _ => null,
    };
}
