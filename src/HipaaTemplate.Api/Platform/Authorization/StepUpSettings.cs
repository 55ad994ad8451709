using HipaaTemplate.Platform.Settings;

namespace HipaaTemplate.Platform.Authorization;

/// <summary>Which policies want a stronger sign-in, and what counts as one.</summary>
internal sealed class StepUpSettings : IHasProblems
{
    [Setting("STEP_UP_POLICIES", "Policies that want a sign-in with several factors, comma-separated: DeleteRecords, or DeleteRecords:900 for one at most 900 seconds ago.",
        DefaultText = "none")]
    public string[] Policies { get; set; } = [];

    [Setting("STEP_UP_ACR_VALUES", "acr values that stand for several factors, comma-separated; clients are told to ask for them.",
        DefaultText = "none")]
    public string[] ContextClasses { get; set; } = [];

    [Setting("STEP_UP_AMR_VALUES", "amr values that stand for several factors, comma-separated (RFC 8176).", DefaultText = "mfa")]
    public string[] Methods { get; set; } = ["mfa"];

    public IEnumerable<string> Problems()
    {
        if (!Policies.All(text => TryParse(text, out _, out _)))
        {
            yield return $"STEP_UP_POLICIES must hold names of policies ({string.Join(", ", Authorization.Policies.RolesOf.Keys)}), each with :SECONDS or without.";
        }

        if (Policies.CountBy(text => text.Split(':')[0]).Any(policy => policy.Value > 1))
        {
            yield return "STEP_UP_POLICIES must not name a policy twice.";
        }

        // They stand in a header, in quotes.
        if (!ContextClasses.All(value => value.All(c => c is > ' ' and < (char)127 and not ('"' or '\\'))))
        {
            yield return "STEP_UP_ACR_VALUES must be words without quotes and spaces.";
        }
    }

    /// <param name="text">A policy's name, or name:seconds.</param>
    /// <param name="policy">The name.</param>
    /// <param name="seconds">How long ago the sign-in may be; null for any time.</param>
    public static bool TryParse(string text, out string policy, out int? seconds)
    {
        var parts = text.Split(':', 2);
        policy = parts[0];
        seconds = parts.Length == 2 && int.TryParse(parts[1], out var parsed) ? parsed : null;
        return Authorization.Policies.RolesOf.ContainsKey(policy) && (parts.Length == 1 || seconds is >= 0);
    }
}
