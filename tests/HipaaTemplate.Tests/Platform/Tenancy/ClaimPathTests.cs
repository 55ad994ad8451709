using System.Net;
using System.Text.Json;
using HipaaTemplate.Platform.Authentication;
using HipaaTemplate.Platform.Authorization;
using HipaaTemplate.Platform.Errors;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Tests.Platform.Tenancy;

/// <summary>Where tenant and roles are in the token is a setting: a name, a name with dots, or a path.</summary>
internal sealed class ClaimPathTests
{
    private const string NameWithDots = "https://example.org/tenant_id";
    private ApiHost nested = null!;
    private ApiHost named = null!;
    private Clinic clinic = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        clinic = await App.NewClinicAsync();
        nested = Host("app_metadata.tenant_id", "realm_access.roles");
        named = Host(NameWithDots, "https://example.org/roles");
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await nested.DisposeAsync();
        await named.DisposeAsync();
    }

    [Test]
    public async Task Tenant_and_roles_are_found_in_nested_claims() => await ShouldBeServedAsync(nested, Nested());

    [Test]
    public async Task Tenant_and_roles_are_found_under_names_with_dots() => await ShouldBeServedAsync(named, Token()
        .With(NameWithDots, clinic.Id.ToString()).With("https://example.org/roles", new[] { Roles.Doctor }));

    [Test]
    public async Task A_token_whose_nested_claim_stands_twice_is_refused()
    {
        await ShouldBeAsync(nested, Nested().Doubling("app_metadata", new { tenant_id = clinic.Id.ToString() }),
            AuthenticationErrors.TokenRefused);
        var inner = Nested().With("app_metadata", "placeholder");
        inner.RawPayload = JsonSerializer.Serialize(inner.Payload).Replace(
            "\"placeholder\"", $$"""{"tenant_id":"{{clinic.Id}}","tenant_id":"{{clinic.Id}}"}""", StringComparison.Ordinal);
        await ShouldBeAsync(nested, inner, AuthenticationErrors.TokenRefused);
    }

    [Test]
    public async Task A_JSON_pointer_leads_to_the_same_claims()
    {
        await using var pointed = Host("/app_metadata/tenant_id", "/https:~1~1example.org~1roles/of~0us");

        await ShouldBeServedAsync(pointed, Nested().With(
            "https://example.org/roles", new Dictionary<string, string[]> { ["of~us"] = [Roles.Doctor] }));
        await ShouldBeAsync(pointed, Token().With("/app_metadata/tenant_id", clinic.Id.ToString()), TenantErrors.NoClaim);
    }

    [Test]
    public async Task A_path_that_ends_early_is_TEN_001()
    {
        await ShouldBeAsync(nested, Token().Without("app_metadata"), TenantErrors.NoClaim);
        await ShouldBeAsync(nested, Token().With("app_metadata", clinic.Id.ToString()), TenantErrors.NoClaim);
        await ShouldBeAsync(nested, Token().With("app_metadata", new { }), TenantErrors.NoClaim);
        await ShouldBeAsync(nested, Token().With("tenant_id", clinic.Id.ToString()), TenantErrors.NoClaim);
    }

    [Test]
    public async Task Roles_may_be_one_string() => await ShouldBeServedAsync(
        nested, Nested().With("realm_access", new { roles = Roles.Doctor }));

    [Test]
    public async Task A_string_of_several_words_is_not_several_roles() => await ShouldBeAsync(
        nested, Nested().With("realm_access", new { roles = "doctor admin" }), AuthorizationErrors.Forbidden);

    [Test]
    public async Task Roles_elsewhere_in_the_token_do_not_count() => await ShouldBeAsync(
        nested,
        Nested().Without("realm_access").With("roles", new[] { Roles.Admin }).With("role", Roles.Admin),
        AuthorizationErrors.Forbidden);

    [Test]
    public async Task A_role_is_spelled_exactly()
    {
        foreach (var role in new object[] { "Doctor", "doctor ", "", 1, new { name = "doctor" } })
        {
            await ShouldBeAsync(
                nested, Nested().With("realm_access", new { roles = new[] { role } }), AuthorizationErrors.Forbidden);
        }
    }

    private static ApiHost Host(string tenantClaim, string rolesClaim) => new(
        App.DatabaseUrl,
        App.Issuer,
        new Dictionary<string, string>
        {
            ["JWT_TENANT_CLAIM_NAME"] = tenantClaim,
            ["JWT_ROLES_CLAIM_NAME"] = rolesClaim,
        });

    private static async Task ShouldBeAsync(ApiHost api, TokenBuilder token, Error error) =>
        await (await api.WithToken(token.Sign()).GetAsync(ProbeFeature.Path)).ShouldBeAsync(error);

    private static async Task ShouldBeServedAsync(ApiHost api, TokenBuilder token) => Assert.That(
        (await api.WithToken(token.Sign()).GetAsync(ProbeFeature.Path)).StatusCode, Is.EqualTo(HttpStatusCode.OK));

    private TokenBuilder Nested() => Token()
        .With("app_metadata", new { tenant_id = clinic.Id.ToString() })
        .With("realm_access", new { roles = new[] { Roles.Doctor } });

    private TokenBuilder Token() => App.Issuer.NewToken(clinic.Doctor).Without("tenant_id").Without("roles");
}
