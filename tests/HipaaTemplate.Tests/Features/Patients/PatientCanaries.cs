using System.Text.Json.Nodes;

namespace HipaaTemplate.Tests.Features.Patients;

/// <summary>Two patients of whom every word can be told from anything else in the world.</summary>
internal static class PatientCanaries
{
    public static readonly IReadOnlyDictionary<string, string> First = new Dictionary<string, string>
    {
        ["given_name"] = "Wendelgard-Zaunkönigin",
        ["family_name"] = "Krähenfuß-Ostermoor",
        ["birth_date"] = "1879-05-23",
        ["mrn"] = "KANARI-7qx2-vlp9",
        ["email"] = "kanarienvogel.q7x@nistplatz.example.test",
        ["phone"] = "+49 (0)7713 90284-46157",
        ["address"] = "Vogelbeerallee 47q\n77139 Hinterhöchstdorf",
        ["emergency_contact"] = "Rotkehlchen Brunhilde & \"Söhne\"",
        ["medical_history"] = "Hämochromatose seit 2011, C282Y\nXylometazolin-Abusus <dokumentiert>",
    };

    public static readonly IReadOnlyDictionary<string, string> Second = new Dictionary<string, string>
    {
        ["given_name"] = "Thusnelda Gartenrotschwanz",
        ["family_name"] = "Øresundsmåge Þorláksson",
        ["birth_date"] = "1881-10-29",
        ["mrn"] = "kanari/8RY3/wmq0",
        ["email"] = "Dompfaff+w8r@Hecke.example.test",
        ["phone"] = "0046 70.5583.9127.6604",
        ["address"] = "Gimpelstieg 58r, 3. Stock",
        ["emergency_contact"] = "Seidenschwanz Ottokar\n+49 30 5514 8826 9937",
        ["medical_history"] = "Anaphylaxie nach Wespenstich\tEpinephrin-Autoinjektor verordnet",
    };

    /// <summary>Both patients', to be looked for.</summary>
    public static Canaries Words { get; } = new(
        First.ToDictionary(word => $"first {word.Key}", word => word.Value)
            .Concat(Second.ToDictionary(word => $"second {word.Key}", word => word.Value)).ToDictionary());

    /// <summary>Sex has too few values to be looked for: that it is sealed is asked by itself.</summary>
    public static JsonObject Body(IReadOnlyDictionary<string, string> words)
    {
        JsonObject body = new() { ["sex"] = "other" };
        foreach (var (member, word) in words)
        {
            body[member] = word;
        }

        return body;
    }
}
