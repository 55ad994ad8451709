using HipaaTemplate.Platform.Authentication.Keys;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Platform.Authentication.Issuers;

/// <summary>What an <see cref="IssuerDefinition"/> may not be.</summary>
internal static class IssuerRules
{
    /// <returns>Sentences that begin with the member's name and do not hold its value.</returns>
    public static IEnumerable<string> ProblemsOf(IssuerDefinition definition, bool allowPlainHttp)
    {
        if (!IsIssuer(definition.Issuer, allowPlainHttp))
        {
            yield return "issuer must be an https URL; plain http is for localhost in development.";
        }

        var preset = ProviderPreset.Of(definition.Provider);
        if (preset.IssuerProblem(definition.Issuer) is { } problem)
        {
            yield return $"issuer {problem}.";
        }

        if (definition.JwksUri is { } keys && !IsAddress(keys, allowPlainHttp))
        {
            yield return "jwks_uri must be an https URL; plain http is for localhost in development.";
        }

        if (definition.ClientIds.Length == 0 && (preset.ClientIsAudience || preset.Audience is null) && definition.Audiences.Length == 0)
        {
            yield return "client_ids must say for whom tokens are, where audiences do not.";
        }

        // Every ID token is of these types and for the client.
        if (definition.Provider == IdentityProvider.Generic && definition.Audiences.Length == 0
            && definition.TokenTypes.Any(type => type is not null && IssuerRegistration.NormalizedType(type) is ProviderPreset.AnyTokenType or ProviderPreset.AbsentType))
        {
            yield return "audiences must name the API where token_types has jwt or absent: ID tokens are for the client.";
        }

        // JSON may have null among the strings.
        if (definition.Algorithms.Any(name => name is null || SignatureAlgorithm.Find(name) is null))
        {
            yield return $"algorithms must be of {string.Join(", ", SignatureAlgorithm.Names)}.";
        }

        foreach (var (name, values) in new[]
            { ("client_ids", definition.ClientIds), ("audiences", definition.Audiences), ("token_types", definition.TokenTypes) })
        {
            if (values.Any(string.IsNullOrWhiteSpace))
            {
                yield return $"{name} must not be blank.";
            }
        }

        foreach (var one in TenantProblemsOf(definition))
        {
            yield return one;
        }

        foreach (var (name, path) in new[]
        {
            ("tenant_claim", definition.TenantClaim), ("roles_claim", definition.RolesClaim),
            ("scope_claim", definition.ScopeClaim), ("patient_claim", definition.PatientClaim),
        })
        {
            if (path is not null && new ClaimPath(path).IsUserEditable)
            {
                yield return $"{name} must not be in user_metadata, which users write themselves.";
            }
        }
    }

    /// <summary>OpenID Connect Discovery 1.0 §3: no query, no fragment.</summary>
    private static bool IsIssuer(string text, bool allowPlainHttp) =>
        text.Length <= RegisteredIssuer.MaximumIssuerLength && !text.Contains('?', StringComparison.Ordinal) && IsAddress(text, allowPlainHttp);

    private static bool IsAddress(string text, bool allowPlainHttp) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && IsAddress(uri, allowPlainHttp);

    private static IEnumerable<string> TenantProblemsOf(IssuerDefinition definition)
    {
        if (definition.DedicatedTo is not null && definition.Tenants.Length > 0)
        {
            yield return "tenants must be left out where tenant names the only one.";
        }

        if (definition.DedicatedTo is { } dedicated && !TenantId.TryParse(dedicated, out _))
        {
            yield return "tenant must be a tenant's id, a UUID.";
        }

        if (!Array.TrueForAll(definition.Tenants, text => TenantId.TryParse(text, out _)))
        {
            yield return "tenants must be tenants' ids, UUIDs.";
        }
    }

    /// <summary>Plain HTTP to the identity provider would let anybody on the way hand out keys.</summary>
    public static bool IsAddress(Uri uri, bool allowPlainHttp) =>
        uri is { UserInfo: "", Fragment: "" } && HasHost(uri)
        && (uri.Scheme == Uri.UriSchemeHttps || (allowPlainHttp && uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback));

    /// <summary>A name beyond ASCII can be one that DNS has no form for, which is found out only here.</summary>
    private static bool HasHost(Uri uri)
    {
        try
        {
            return uri.IdnHost.Length > 0;
        }
        catch (UriFormatException)
        {
            return false;
        }
    }
}
