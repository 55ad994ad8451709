using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using HipaaTemplate.Platform.Authentication;
using HipaaTemplate.Platform.Authentication.Issuers;
using HipaaTemplate.Platform.Commands;
using HipaaTemplate.Platform.Tenancy;
using Microsoft.Extensions.DependencyInjection;

namespace HipaaTemplate.Tests.Platform.Authentication;

/// <summary>A tenant brings its own identity provider, which then speaks for that tenant and for nobody else.</summary>
internal sealed class RegisteredIssuerTests
{
    private ManualTime time = null!;
    private LogCapture log = null!;
    private TestIssuer own = null!;
    private ApiHost api = null!;
    private Clinic clinic = null!;
    private Clinic other = null!;

    [SetUp]
    public async Task StartAsync()
    {
        time = new ManualTime();
        log = new LogCapture();
        own = await TestIssuer.StartAsync();
        api = new ApiHost(App.DatabaseUrl, App.Issuer, null, services =>
        {
            log.Install(services);
            services.AddSingleton<TimeProvider>(time);
        });
        (clinic, other) = (await App.NewClinicAsync(), await App.NewClinicAsync());
        // What is measured by the two seconds that a request waits is the issuer, not a host that has just begun.
        await ShouldBeReadyAsync();
    }

    [TearDown]
    public async Task StopAsync()
    {
        await api.DisposeAsync();
        await own.DisposeAsync();
    }

    [Test]
    public async Task A_running_instance_accepts_its_tokens_within_ten_seconds_and_refuses_them_within_ten_when_it_is_removed()
    {
        var token = Token(clinic.Doctor).Sign();
        await (await GetAsync(token)).ShouldBeAsync(AuthenticationErrors.TokenRefused);

        await AddAsync(Dedicated());
        time.Advance(IssuerDirectory.MaximumAge);
        await ShouldBeServedAsync(token);

        Assert.That(await api.RunAsync("issuers", "remove", own.Issuer), Is.Zero);
        time.Advance(IssuerDirectory.MaximumAge);
        await (await GetAsync(token)).ShouldBeAsync(AuthenticationErrors.TokenRefused);
        Assert.That(log.Refusals()[^1].GetProperty("reason").GetString(), Is.EqualTo("issuer_unknown"));
    }

    [Test]
    public async Task A_dedicated_issuer_speaks_for_its_tenant_whatever_its_tokens_say()
    {
        await AddAsync(Dedicated());

        // The claim is not looked at, unless the registration names it.
        var me = await (await api.WithToken(Token(other.Doctor).Sign()).GetAsync("/api/v1/auth/me")).ShouldBeJsonAsync();
        Assert.That(me.GetProperty("tenant").GetProperty("id").GetGuid(), Is.EqualTo(clinic.Id.Value));
        await ShouldBeServedAsync(Token(clinic.Doctor).Without("tenant_id").Sign());
    }

    [Test]
    public async Task A_dedicated_issuer_whose_tokens_have_to_name_the_tenant_may_name_no_other()
    {
        await AddAsync(Dedicated() with { TenantClaim = "tenant_id" });

        await ShouldBeServedAsync(Token(clinic.Doctor).Sign());
        await (await GetAsync(Token(other.Doctor).Sign())).ShouldBeAsync(TenantErrors.NotTheIssuers);
        await (await GetAsync(Token(clinic.Doctor).Without("tenant_id").Sign())).ShouldBeAsync(TenantErrors.NoClaim);
    }

    [Test]
    public async Task A_shared_issuer_speaks_for_the_tenants_of_its_list()
    {
        await AddAsync(Dedicated() with { DedicatedTo = null, Tenants = [clinic.Id.ToString()] });

        await ShouldBeServedAsync(Token(clinic.Doctor).Sign());
        await (await GetAsync(Token(other.Doctor).Sign())).ShouldBeAsync(TenantErrors.NotTheIssuers);
    }

    [Test]
    public async Task Its_keys_do_not_sign_for_the_operators_issuer_nor_the_other_way_round()
    {
        await AddAsync(Dedicated());

        await (await GetAsync(App.Issuer.NewToken(clinic.Doctor).SignBy(own.Rsa))).ShouldBeAsync(AuthenticationErrors.TokenRefused);
        await (await GetAsync(Token(clinic.Doctor).SignBy(App.Issuer.Rsa))).ShouldBeAsync(AuthenticationErrors.TokenRefused);
    }

    [Test]
    public async Task The_same_subject_of_both_issuers_is_two_users()
    {
        await AddAsync(Dedicated());

        Assert.That(
            await UserIdAsync(Token(clinic.Doctor).Sign()),
            Is.Not.EqualTo(await UserIdAsync(App.Issuer.NewToken(clinic.Doctor).Sign())));
    }

    /// <summary>One tenant's provider that is away is no reason to send everybody else elsewhere.</summary>
    [Test]
    public async Task While_it_is_away_its_tenant_is_told_so_and_the_instance_stays_ready()
    {
        await AddAsync(Dedicated());
        own.IsAway = true;

        await (await GetAsync(Token(clinic.Doctor).Sign())).ShouldBeAsync(AuthenticationErrors.ProviderUnavailable);
        await ShouldBeServedAsync(App.Issuer.NewToken(clinic.Doctor).Sign());
        await (await api.Anonymous().GetAsync("/api/v1/health/ready")).ShouldBeJsonAsync();
    }

    /// <summary>A tenant's URL must not lead this process to itself or its neighbours.</summary>
    [TestCase("localhost")]
    [TestCase("127.0.0.1")]
    public async Task In_production_it_is_not_asked_at_an_address_of_this_machine(string host)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var issuer = $"https://{host}:{((IPEndPoint)listener.LocalEndpoint).Port}";
        var production = new LogCapture();
        await using var its = new ApiHost(
            App.DatabaseUrl,
            own,
            new Dictionary<string, string>
            {
                ["ENVIRONMENT"] = "production",
                ["OIDC_ISSUER_URL"] = "https://127.0.0.1:1",
                ["KEY_PROVIDER"] = "aws-kms",
                ["KEY_ID"] = "alias/hipaa-template",
                ["AWS_REGION"] = "eu-north-1",
            },
            production.Install);
        await AddAsync(Json(Dedicated() with { Issuer = issuer }), its);

        var answer = await its.WithToken(Token(clinic.Doctor).With("iss", issuer).Sign()).GetAsync("/api/v1/auth/me");

        await answer.ShouldBeAsync(AuthenticationErrors.ProviderUnavailable);
        Assert.That(production.IssuerFailures(), Does.Contain("address_refused"));
        Assert.That(listener.Pending(), Is.False);
        Assert.That(await its.RunAsync("issuers", "remove", issuer), Is.Zero);
    }

    [Test]
    public async Task What_an_operator_may_not_register_is_refused_and_nothing_is_stored()
    {
        Dictionary<string, string> wrong = new()
        {
            [Json(Dedicated() with { DedicatedTo = null })] = "tenant or tenants must say",
            [Json(Dedicated() with { DedicatedTo = $"{Guid.CreateVersion7()}" })] = "A tenant is not registered",
            [Json(Dedicated() with { DedicatedTo = "northwind" })] = "tenant must be",
            [Json(Dedicated() with { Tenants = [clinic.Id.ToString()] })] = "tenants must be left out",
            [Json(Dedicated() with { Issuer = "http://idp.test" })] = "issuer must be an https URL",
            [Json(Dedicated() with { Issuer = "https://user:secret@idp.test" })] = "issuer must be an https URL",
            [Json(Dedicated() with { Issuer = "https://idp.test?tenant=a" })] = "issuer must be an https URL",
            [Json(Dedicated() with { Issuer = "https://idp.test#a" })] = "issuer must be an https URL",
            [Json(Dedicated() with { Issuer = App.Issuer.Issuer })] = "The settings name this issuer already",
            [Json(Dedicated() with { Audiences = [] })] = "client_ids must say for whom tokens are",
            [Json(Dedicated() with { Algorithms = ["HS256"] })] = "algorithms must be",
            [Json(Dedicated() with { JwksUri = "http://10.0.0.1/keys" })] = "jwks_uri must be",
            [Json(Dedicated() with { RolesClaim = "/user_metadata/roles" })] = "roles_claim must not be in user_metadata",
            ["{}"] = "not the JSON of one issuer",
            ["[]"] = "not the JSON of one issuer",
            ["not json"] = "not the JSON of one issuer",
            [Json(Dedicated())[..^1] + ",\"unknown\":1}"] = "not the JSON of one issuer",
            [Json(Dedicated())[..^1] + ",\"issuer\":\"https://twice.test\"}"] = "not the JSON of one issuer",
        };
        foreach (var (json, message) in wrong)
        {
            var failure = Assert.ThrowsAsync<CommandException>(() => AddAsync(json), json);
            Assert.That(failure!.Message, Does.Contain(message), json);
        }

        await using var superuser = await DatabaseAccess.OpenSuperuserConnectionAsync(App.DatabaseUrl);
        Assert.That(await superuser.ScalarAsync<long>($"SELECT count(*) FROM app.issuers WHERE issuer = '{own.Issuer}'"), Is.Zero);
    }

    [Test]
    public async Task Adding_it_again_replaces_it_and_tokens_seen_before_are_held_against_the_new_one()
    {
        await AddAsync(Dedicated());
        var token = Token(clinic.Doctor).Sign();
        await ShouldBeServedAsync(token);

        await AddAsync(Dedicated() with { Audiences = ["https://another.test"] });
        time.Advance(IssuerDirectory.MaximumAge);

        await (await GetAsync(token)).ShouldBeAsync(AuthenticationErrors.TokenRefused);
    }

    /// <summary>Written by hand, past what the verb checks: it must not become a registration that means less.</summary>
    [TestCase("{}")]
    [TestCase("""{"issuer":"{issuer}","audiences":["https://api.hipaa-template.test"]}""")]
    [TestCase("""{"issuer":"https://another.test","audiences":["https://api.hipaa-template.test"],"tenant":"{tenant}"}""")]
    [TestCase("""{"issuer":"{issuer}","audiences":["https://api.hipaa-template.test"],"tenant":"{tenant}","typo":1}""")]
    public async Task A_row_that_makes_no_sense_is_no_registration(string definition)
    {
        await using var superuser = await DatabaseAccess.OpenSuperuserConnectionAsync(App.DatabaseUrl);
        var json = definition.Replace("{issuer}", own.Issuer, StringComparison.Ordinal).Replace("{tenant}", $"{clinic.Id}", StringComparison.Ordinal);
        await superuser.ExecuteAsync(
            $"INSERT INTO app.issuers (id, issuer, definition, created_at) VALUES (gen_random_uuid(), '{own.Issuer}', '{json}', now())");

        await (await GetAsync(Token(clinic.Doctor).Sign())).ShouldBeAsync(AuthenticationErrors.TokenRefused);
        await ShouldBeServedAsync(App.Issuer.NewToken(clinic.Doctor).Sign());
        await superuser.ExecuteAsync($"DELETE FROM app.issuers WHERE issuer = '{own.Issuer}'");
    }

    private IssuerDefinition Dedicated() => new()
    {
        Issuer = own.Issuer,
        Audiences = [TestIssuer.Audience],
        DedicatedTo = clinic.Id.ToString(),
    };

    private static string Json(IssuerDefinition definition) => definition.ToJson();

    private Task AddAsync(IssuerDefinition definition) => AddAsync(Json(definition));

    private async Task AddAsync(string json, ApiHost? host = null)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, json);
            Assert.That(await (host ?? api).RunAsync("issuers", "add", file), Is.Zero);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private TokenBuilder Token(TestUser user) => own.NewToken(user);

    private async Task<Guid> UserIdAsync(string token)
    {
        JsonElement me = await (await api.WithToken(token).GetAsync("/api/v1/auth/me")).ShouldBeJsonAsync();
        return me.GetProperty("user").GetProperty("id").GetGuid();
    }

    /// <summary>One request of the operator's issuer; what was read of the registered ones is old then.</summary>
    private async Task ShouldBeReadyAsync()
    {
        await Eventually.IsTrueAsync(
            async () => (await GetAsync(App.Issuer.NewToken(clinic.Doctor).Sign())).StatusCode == HttpStatusCode.OK,
            "The API never served.");
        time.Advance(IssuerDirectory.MaximumAge);
    }

    private async Task ShouldBeServedAsync(string token) =>
        Assert.That((await GetAsync(token)).StatusCode, Is.EqualTo(HttpStatusCode.OK));

    private Task<HttpResponseMessage> GetAsync(string token) => api.WithToken(token).GetAsync("/api/v1/auth/me");
}
