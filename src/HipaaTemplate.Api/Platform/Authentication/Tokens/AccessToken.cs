using System.Text.Json;
using HipaaTemplate.Platform.Authentication.Issuers;
using HipaaTemplate.Platform.Authentication.Keys;
using HipaaTemplate.Platform.Http;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Platform.Authentication.Tokens;

/// <summary>What this API keeps of an access token once everything about it was checked.</summary>
internal sealed record AccessToken
{
    private const int MostKeptTexts = 256;
    private const int MostKeptCharacters = 4 * 1024;
    private const int LongestName = 255;

    public required TrustedIssuer Issuer { get; init; }

    /// <summary>The key that signed it. It must still be published when the token is used again.</summary>
    public required SigningKey Key { get; init; }

    /// <summary>Names the user, together with the issuer.</summary>
    public required string Subject { get; init; }

    /// <summary>What log lines call the user by; see <see cref="Users.SubjectHash"/>.</summary>
    public required string UserHash { get; init; }

    public required TenantClaim Tenant { get; init; }

    public required IReadOnlyList<string> Roles { get; init; }

    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>The patient that the user is, where the issuer says so: of the token's tenant, and of no other.</summary>
    public Guid? Patient { get; init; }

    public required TokenTimes Times { get; init; }

    /// <summary>The sign-in that it came from, where the issuer tells; for logout.</summary>
    public string? SessionId { get; init; }

    /// <summary>family_name (OpenID Connect Core §5.1), where the issuer puts it into access tokens. Of who signed in, no patient's.</summary>
    public string? FamilyName { get; init; }

    /// <summary>acr: how sure the issuer is, by names of its own. One, as a rule.</summary>
    public IReadOnlyList<string> ContextClasses { get; init; } = [];

    /// <summary>amr: how the user proved who it is (RFC 8176).</summary>
    public IReadOnlyList<string> Methods { get; init; } = [];

    /// <summary>cnf.jkt: the key that the client has to prove possession of; null for a bearer token.</summary>
    public string? ProofKeyThumbprint { get; init; }

    /// <summary>
    /// Not too large to be kept: 11 KB of one-letter scopes would keep 200 KB of memory, times as many tokens
    /// as an issuer likes to sign.
    /// </summary>
    public bool IsSmall
    {
        get
        {
            var (count, characters) = (0, 0);
            foreach (var text in Roles.Concat(Scopes).Concat(ContextClasses).Concat(Methods))
            {
                count++;
                characters += text.Length;
            }

            return count <= MostKeptTexts && characters <= MostKeptCharacters;
        }
    }

    /// <summary>The claims are read only here, so that only a token that was verified has them.</summary>
    public static AccessToken From(
        TrustedIssuer issuer, SigningKey key, JsonElement payload, string subject, TokenTimes times, string? proofKeyThumbprint)
    {
        var registration = issuer.Registration;
        return new AccessToken
        {
            Issuer = issuer,
            Key = key,
            Subject = subject,
            UserHash = Users.SubjectHash.Of(registration.Issuer, subject),
            Tenant = TenantClaim.From(registration, payload),
            Roles = StringsAt(registration.RolesClaim, payload),
            Scopes = ScopesOf(registration, payload),
            Patient = PatientOf(registration, payload),
            Times = times,
            SessionId = ClaimRules.SessionOf(registration, payload),
            FamilyName = payload.TryGetString("family_name", out var name) && name.Length <= LongestName ? name : null,
            ContextClasses = StringsAt(registration.ContextClassClaim, payload),
            Methods = MethodsOf(payload),
            ProofKeyThumbprint = proofKeyThumbprint,
        };
    }

    public static IReadOnlyList<string> ScopesOf(IssuerRegistration registration, JsonElement payload) =>
    [
        .. StringsAt(registration.ScopeClaim, payload)
            .SelectMany(words => words.Split(' ', StringSplitOptions.RemoveEmptyEntries)),
    ];

    private static Guid? PatientOf(IssuerRegistration registration, JsonElement payload) =>
        registration.PatientClaim.Find(payload) is { } claim && claim.TryGetString(out var text) && StrictUuid.TryParse(text, out var id)
            ? id
            : null;

    private static List<string> StringsAt(ClaimPath path, JsonElement payload) =>
        path.Find(payload) is { } claim ? [.. claim.Strings()] : [];

    /// <summary>Supabase writes objects with a method and a timestamp.</summary>
    private static List<string> MethodsOf(JsonElement payload)
    {
        List<string> methods = [];
        if (payload.TryGetProperty("amr", out var claim) && claim.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in claim.EnumerateArray())
            {
                if (item.TryGetString(out var method)
                    || (item.ValueKind == JsonValueKind.Object && item.TryGetString("method", out method)))
                {
                    methods.Add(method);
                }
            }
        }

        return methods;
    }
}
