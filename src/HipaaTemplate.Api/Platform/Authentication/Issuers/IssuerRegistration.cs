using System.Collections.Frozen;
using HipaaTemplate.Platform.Authentication.Keys;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Platform.Authentication.Issuers;

/// <summary>
/// Whose tokens are accepted, and what they must look like: an <see cref="IssuerDefinition"/> on top of its
/// preset, checked. Nothing of a token is believed that is not held against one of these.
/// </summary>
internal sealed class IssuerRegistration
{
    private const string MediaTypePrefix = "application/";

    private IssuerRegistration(IssuerDefinition definition)
    {
        Preset = ProviderPreset.Of(definition.Provider);
        Issuer = definition.Issuer;
        var keys = definition.JwksUri ?? Preset.KeysOf?.Invoke(Issuer);
        KeysAddress = keys is null ? null : new Uri(keys);
        ClientIds = definition.ClientIds;
        Audiences = (definition.Audiences, Preset) switch
        {
            ({ Length: > 0 } audiences, _) => audiences,
            (_, { Audience: { } only }) => [only],
            (_, { ClientIsAudience: true }) => [],
            _ => definition.ClientIds,
        };
        TokenTypes = OrPresets(definition.TokenTypes, Preset.TokenTypes).Select(NormalizedType).ToFrozenSet();
        Algorithms = OrPresets(definition.Algorithms, SignatureAlgorithm.Usual).ToFrozenSet();
        RequiredClaims = Preset.RequiredClaims(Issuer);
        RequiredScope = definition.RequiredScope;
        Dpop = definition.Dpop;
        Tenant = definition.DedicatedTo is { } dedicated && TenantId.TryParse(dedicated, out var id) ? id : null;
        Tenants = definition.Tenants.Length == 0
            ? null
            : definition.Tenants.Select(text => TenantId.TryParse(text, out var parsed) ? parsed : default).ToFrozenSet();
        TenantClaim = Tenant is not null && definition.TenantClaim is null
            ? null
            : new ClaimPath(definition.TenantClaim ?? Preset.TenantClaim);
        RolesClaim = new ClaimPath(definition.RolesClaim ?? Preset.RolesClaim);
        ScopeClaim = new ClaimPath(definition.ScopeClaim ?? Preset.ScopeClaim);
        PatientClaim = new ClaimPath(definition.PatientClaim ?? Preset.PatientClaim);
        ClientClaim = new ClaimPath(Preset.ClientClaim);
        SubjectClaim = new ClaimPath(Preset.SubjectClaim);
        SessionClaim = new ClaimPath(Preset.SessionClaim);
        ContextClassClaim = new ClaimPath(Preset.ContextClassClaim);
    }

    /// <summary>Exactly as in its tokens.</summary>
    public string Issuer { get; }

    /// <summary>Discovery document (OpenID Connect Discovery 1.0 §4).</summary>
    public Uri DiscoveryAddress => new(Issuer.TrimEnd('/') + "/.well-known/openid-configuration");

    /// <summary>Where the keys are read without asking for the discovery document; null otherwise.</summary>
    public Uri? KeysAddress { get; }

    public IReadOnlyList<string> ClientIds { get; }

    /// <summary>One of them must be in <c>aud</c>; empty where the client has to be one of <see cref="ClientIds"/> instead.</summary>
    public IReadOnlyList<string> Audiences { get; }

    /// <summary>Accepted <c>typ</c>, see <see cref="NormalizedType"/>.</summary>
    public FrozenSet<string> TokenTypes { get; }

    public FrozenSet<string> Algorithms { get; }

    public IReadOnlyList<RequiredClaim> RequiredClaims { get; }

    public string? RequiredScope { get; }

    public DpopMode Dpop { get; }

    /// <summary>Dedicated mode: the tenant of every token.</summary>
    public TenantId? Tenant { get; }

    /// <summary>Shared mode: the tenants that a claim may name; null for every registered one.</summary>
    public FrozenSet<TenantId>? Tenants { get; }

    /// <summary>Null in dedicated mode unless the token has to name the tenant as well.</summary>
    public ClaimPath? TenantClaim { get; }

    public ClaimPath RolesClaim { get; }

    public ClaimPath ScopeClaim { get; }

    public ClaimPath PatientClaim { get; }

    public ClaimPath ClientClaim { get; }

    public ClaimPath SubjectClaim { get; }

    public ClaimPath SessionClaim { get; }

    public ClaimPath ContextClassClaim { get; }

    public ProviderPreset Preset { get; }

    /// <param name="definition">From outside.</param>
    /// <param name="allowPlainHttp">In development, for this machine.</param>
    /// <param name="problems">What is impossible: sentences that begin with the member's name, without its value.</param>
    /// <returns>Null when there are problems.</returns>
    public static IssuerRegistration? TryCreate(
        IssuerDefinition definition, bool allowPlainHttp, out IReadOnlyList<string> problems)
    {
        problems = [.. IssuerRules.ProblemsOf(definition, allowPlainHttp)];
        return problems.Count == 0 ? new IssuerRegistration(definition) : null;
    }

    /// <summary>
    /// Media types are compared without regard to case and without "application/" (RFC 7515 §4.1.9);
    /// a header without <c>typ</c> has the type <see cref="ProviderPreset.AbsentType"/>.
    /// </summary>
    public static string NormalizedType(string? type)
    {
        if (type is null)
        {
            return ProviderPreset.AbsentType;
        }

        var lower = type.ToLowerInvariant();
        return lower.StartsWith(MediaTypePrefix, StringComparison.Ordinal) ? lower[MediaTypePrefix.Length..] : lower;
    }

    private static string[] OrPresets(string[] own, string[] presets) => own.Length > 0 ? own : presets;
}
