using System.Net;
using System.Reflection;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using HipaaTemplate.Platform.Authentication;
using HipaaTemplate.Platform.Authentication.Issuers;
using HipaaTemplate.Platform.Authentication.Tokens;
using HipaaTemplate.Platform.Http;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Tests.Platform.Authentication.Providers;

/// <summary>
/// What a setting of an issuer allows and what it refuses; and that with several issuers each has its own rules,
/// keys and tenants.
/// </summary>
internal sealed class IssuerSettingsTests
{
    private LogCapture log = null!;
    private Clinic clinic = null!;
    private Clinic other = null!;

    [SetUp]
    public async Task StartAsync()
    {
        log = new LogCapture();
        clinic = await App.NewClinicAsync();
        other = await App.NewClinicAsync();
    }

    [Test]
    public async Task A_dedicated_issuer_speaks_for_its_tenant_whatever_its_tokens_say()
    {
        await using var api = Api(App.Issuer, ("OIDC_TENANT", $"{clinic.Id}"));

        await ShouldBeOfAsync(clinic, api, Token().Without("tenant_id"));
        await ShouldBeOfAsync(clinic, api, Token().With("tenant_id", $"{clinic.Id}"));
        await ShouldBeOfAsync(clinic, api, Token().With("tenant_id", $"{other.Id}"));
    }

    [Test]
    public async Task A_dedicated_issuer_with_a_claim_has_to_name_its_tenant()
    {
        await using var api = Api(App.Issuer, ("OIDC_TENANT", $"{clinic.Id}"), ("JWT_TENANT_CLAIM_NAME", "https://example.org/tenant"));

        await ShouldBeOfAsync(clinic, api, Token().With("https://example.org/tenant", $"{clinic.Id}"));
        await (await GetAsync(api, Token().With("https://example.org/tenant", $"{other.Id}"))).ShouldBeAsync(TenantErrors.NotTheIssuers);
        await (await GetAsync(api, Token())).ShouldBeAsync(TenantErrors.NoClaim);
    }

    [Test]
    public async Task A_shared_issuer_with_a_list_speaks_for_those_and_no_others()
    {
        var third = await App.NewClinicAsync();
        await using var api = Api(App.Issuer, ("OIDC_TENANTS", $"{clinic.Id}, {$"{other.Id}".ToUpperInvariant()}"));

        await ShouldBeOfAsync(clinic, api, Token());
        await ShouldBeOfAsync(other, api, Token().With("tenant_id", $"{other.Id}"));
        await (await GetAsync(api, Token().With("tenant_id", $"{third.Id}"))).ShouldBeAsync(TenantErrors.NotTheIssuers);
        await (await GetAsync(api, Token().With("tenant_id", $"{Guid.CreateVersion7()}"))).ShouldBeAsync(TenantErrors.NotTheIssuers);
        await (await GetAsync(api, Token().Without("tenant_id"))).ShouldBeAsync(TenantErrors.NoClaim);
    }

    [TestCase("openid records", true)]
    [TestCase("records", true)]
    [TestCase("openid", false)]
    [TestCase("records.read", false)]
    [TestCase("Records", false)]
    [TestCase("", false)]
    [TestCase(null, false)]
    public async Task The_required_scope_is_one_of_the_words(string? scope, bool isEnough)
    {
        await using var api = Api(App.Issuer, ("OIDC_REQUIRED_SCOPE", "records"));
        var token = scope is null ? Token() : Token().With("scope", scope);

        await (isEnough ? ShouldBeOfAsync(clinic, api, token) : ShouldBeRefusedAsync(api, token, TokenRefusal.ScopeMissing));
    }

    [Test]
    public async Task The_required_scope_is_looked_for_in_the_claim_that_has_the_scopes()
    {
        await using var api = Api(App.Issuer, ("OIDC_REQUIRED_SCOPE", "records"), ("JWT_SCOPE_CLAIM_NAME", "/rights/scp"));

        await ShouldBeOfAsync(clinic, api, Token().With("rights", new { scp = new[] { "openid", "records" } }));
        await ShouldBeRefusedAsync(api, Token().With("scope", "records"), TokenRefusal.ScopeMissing);
    }

    [Test]
    public async Task Only_the_token_types_of_the_setting_are_accepted()
    {
        await using var api = Api(App.Issuer, ("OIDC_TOKEN_TYPES", "absent, application/JWT"));

        await ShouldBeOfAsync(clinic, api, Token().WithoutHeader("typ"));
        await ShouldBeOfAsync(clinic, api, Token().WithHeader("typ", "JWT"));
        await ShouldBeRefusedAsync(api, Token(), TokenRefusal.TypeNotAllowed);
    }

    [Test]
    public async Task Only_the_algorithms_of_the_setting_are_accepted()
    {
        await using var api = Api(App.Issuer, ("OIDC_ALGORITHMS", "ES384"));
        var sha384 = Token().WithHeader("alg", "ES384").WithHeader("kid", "ec384")
            .Sign(input => App.Issuer.Ec384.SignData(input, HashAlgorithmName.SHA384));

        Assert.That((await api.WithToken(sha384).GetAsync(ProbeFeature.Path)).StatusCode, Is.EqualTo(HttpStatusCode.OK));
        await ShouldBeRefusedAsync(api, Token(), TokenRefusal.AlgorithmNotAllowed);
    }

    [Test]
    public async Task Where_no_audience_is_named_the_client_stands_for_it()
    {
        await using var api = Api(App.Issuer, ("OIDC_AUDIENCE", ""), ("OIDC_CLIENT_ID", "app, another-app"));

        await ShouldBeOfAsync(clinic, api, Token().With("aud", "another-app"));
        await ShouldBeRefusedAsync(api, Token(), TokenRefusal.AudienceWrong);
    }

    [Test]
    public async Task With_an_address_for_the_keys_the_discovery_document_is_not_asked_for()
    {
        await using var issuer = await TestIssuer.StartAsync();
        issuer.StatedIssuer = "https://elsewhere.test";
        await using var api = Api(issuer, ("OIDC_JWKS_URI", issuer.Issuer + "/jwks"));

        await ShouldBeOfAsync(clinic, api, issuer.NewToken(clinic.Doctor));
    }

    /// <summary>The version of its tokens is the registration's choice at Entra ID, and the issuer tells which.</summary>
    [Test]
    public async Task Version_1_of_Entra_ID_is_another_issuer_with_its_own_rules()
    {
        await using var issuer = await TestIssuer.StartAsync($"/{clinic.Id}/");
        await using var api = Api(issuer, ("OIDC_PROVIDER", "entra"));
        var token = issuer.NewToken(clinic.Doctor).WithHeader("typ", "JWT").Without("tenant_id")
            .With("tid", $"{clinic.Id}").With("oid", "f1e2d3c4").With("scp", "access_as_user").With("ver", "1.0");

        await ShouldBeOfAsync(clinic, api, token);
        await ShouldBeRefusedAsync(api, token.With("ver", "2.0"), TokenRefusal.ClaimMissing);
    }

    [Test]
    public async Task With_two_issuers_each_has_its_own_rules_keys_and_tenants()
    {
        await using var second = await TestIssuer.StartAsync("/realms/northwind");
        await using var api = Api(App.Issuer, ("OIDC_TENANTS", $"{clinic.Id}"), ("OIDC_ISSUERS", JsonSerializer.Serialize(new object[]
        {
            new
            {
                issuer = second.Issuer, provider = "keycloak", client_ids = new[] { "spa" }, audiences = new[] { "northwind" },
                tenant = $"{other.Id}", required_scope = "records", algorithms = new[] { "RS256" },
            },
        })));
        TokenBuilder Second() => second.NewToken(clinic.Doctor).WithHeader("typ", "JWT").With("typ", "Bearer")
            .With("aud", "northwind").With("scope", "records").With("realm_access", new { roles = new[] { "doctor" } });

        await ShouldBeOfAsync(clinic, api, Token());
        await ShouldBeOfAsync(other, api, Second());

        // Rules.
        await ShouldBeRefusedAsync(api, Token().WithHeader("typ", "JWT"), TokenRefusal.TypeNotAllowed);
        await ShouldBeRefusedAsync(api, Second().WithHeader("typ", "at+jwt"), TokenRefusal.TypeNotAllowed);
        await ShouldBeRefusedAsync(api, Second().With("aud", TestIssuer.Audience), TokenRefusal.AudienceWrong);
        await ShouldBeRefusedAsync(api, Token().With("aud", "northwind"), TokenRefusal.AudienceWrong);
        await ShouldBeRefusedAsync(api, Second().Without("scope"), TokenRefusal.ScopeMissing);
        Assert.That(
            (await GetAsync(api, Second().Without("realm_access").With("roles", new[] { "admin" }))).StatusCode,
            Is.EqualTo(HttpStatusCode.Forbidden), "the first one's claim has the roles");

        // Keys: both publish one as "rsa".
        await ShouldBeRefusedAsync(api, Token().SignBy(second.Rsa), TokenRefusal.SignatureWrong);
        await ShouldBeRefusedAsync(api, Second().SignBy(App.Issuer.Rsa), TokenRefusal.SignatureWrong);

        // Tenants.
        await (await GetAsync(api, Token().With("tenant_id", $"{other.Id}"))).ShouldBeAsync(TenantErrors.NotTheIssuers);
        await ShouldBeOfAsync(other, api, Second().With("tenant_id", $"{clinic.Id}"));
    }

    /// <summary>The same subject of two issuers is two people.</summary>
    [Test]
    public async Task With_two_issuers_the_same_subject_is_not_the_same_user()
    {
        await using var second = await TestIssuer.StartAsync();
        await using var api = Api(App.Issuer, ("OIDC_ISSUERS", JsonSerializer.Serialize(new object[]
        {
            new { issuer = second.Issuer, audiences = new[] { TestIssuer.Audience } },
        })));

        var one = await ShouldBeOfAsync(clinic, api, Token());
        var two = await ShouldBeOfAsync(clinic, api, second.NewToken(clinic.Doctor));

        Assert.That(UserIdOf(two), Is.Not.EqualTo(UserIdOf(one)));
        Assert.That(UserIdOf(await ShouldBeOfAsync(clinic, api, Token())), Is.EqualTo(UserIdOf(one)));
    }

    [Test]
    public void The_definition_on_the_page_can_be_registered_and_its_members_are_all_there_are()
    {
        var page = SourceTree.Read("docs/AUTH_CONFIGURATION.md");
        var section = page[page.IndexOf("## Several issuers", StringComparison.Ordinal)..];
        var json = section.Split("```")[1]["json".Length..];
        var members = section.Split("The members are ")[1].Split(';')[0];

        var definition = IssuerDefinition.TryParse(json);

        Assert.That(definition, Is.Not.Null);
        Assert.That(IssuerRegistration.TryCreate(definition!, allowPlainHttp: false, out var problems), Is.Not.Null, string.Join(' ', problems));
        Assert.That(
            members.Split('`').Where((_, index) => index % 2 == 1),
            Is.EquivalentTo(typeof(IssuerDefinition).GetProperties().Select(property =>
                property.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name ?? EnumWordConverterFactory.WordOf(property.Name))));
    }

    private static Guid UserIdOf(JsonElement me) => me.GetProperty("user").GetProperty("id").GetGuid();

    private TokenBuilder Token() => App.Issuer.NewToken(clinic.Doctor);

    private ApiHost Api(TestIssuer issuer, params (string Name, string Value)[] settings) =>
        new(App.DatabaseUrl, issuer, settings.ToDictionary(s => s.Name, s => s.Value), log.Install);

    private static Task<HttpResponseMessage> GetAsync(ApiHost api, TokenBuilder token) =>
        api.WithToken(token.Sign()).GetAsync(ProbeFeature.Path);

    private static async Task<JsonElement> ShouldBeOfAsync(Clinic expected, ApiHost api, TokenBuilder token)
    {
        using var client = api.WithToken(token.Sign());
        Assert.That((await client.GetAsync(ProbeFeature.Path)).StatusCode, Is.EqualTo(HttpStatusCode.OK));
        var me = await (await client.GetAsync("/api/v1/auth/me")).ShouldBeJsonAsync();
        Assert.That(me.GetProperty("tenant").GetProperty("id").GetGuid(), Is.EqualTo(expected.Id.Value));
        return me;
    }

    private Task ShouldBeRefusedAsync(ApiHost api, TokenBuilder token, TokenRefusal reason) =>
        ShouldBeRefusedAsync(api, token.Sign(), reason);

    private async Task ShouldBeRefusedAsync(ApiHost api, string token, TokenRefusal reason)
    {
        var requestId = Guid.CreateVersion7().ToString("N");
        using var client = api.WithToken(token);
        client.DefaultRequestHeaders.Add("X-Request-Id", requestId);

        await (await client.GetAsync(ProbeFeature.Path)).ShouldBeAsync(AuthenticationErrors.TokenRefused);

        Assert.That(log.ReasonOf(requestId), Is.EqualTo(reason.Word()));
    }
}
