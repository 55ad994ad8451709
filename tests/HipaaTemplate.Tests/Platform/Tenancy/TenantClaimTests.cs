using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using HipaaTemplate.Platform.Authentication;
using HipaaTemplate.Platform.Errors;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Tests.Platform.Tenancy;

/// <summary>The tenant comes from the verified claim alone; everything short of one good id is refused.</summary>
internal sealed class TenantClaimTests
{
    private const string SomeId = "0198c3d4-0000-7000-8000-0000000000aa";
    private Clinic clinic = null!;

    [OneTimeSetUp]
    public async Task RegisterAsync() => clinic = await App.NewClinicAsync();

    [Test]
    public async Task A_token_without_the_claim_is_TEN_001() =>
        await ShouldBeAsync(Token().Without("tenant_id"), TenantErrors.NoClaim);

    [Test]
    public async Task A_token_with_an_empty_array_is_TEN_001() =>
        await ShouldBeAsync(Token().With("tenant_id", Array.Empty<string>()), TenantErrors.NoClaim);

    [TestCaseSource(nameof(MalformedClaims))]
    public async Task A_malformed_claim_is_TEN_002(string json) => await ShouldBeAsync(
        Token().With("tenant_id", JsonSerializer.Deserialize<JsonElement>(json)), TenantErrors.MalformedClaim);

    [Test]
    public async Task Spaces_around_the_tenants_own_id_are_TEN_002()
    {
        foreach (var text in new[] { $" {clinic.Id}", $"{clinic.Id} ", $"\t{clinic.Id}", $"{clinic.Id}\n" })
        {
            await ShouldBeAsync(Token().With("tenant_id", text), TenantErrors.MalformedClaim);
        }
    }

    [Test]
    public async Task Other_spellings_of_the_tenants_own_id_are_TEN_002()
    {
        var id = clinic.Id.Value;
        foreach (var text in new[] { id.ToString("N"), id.ToString("B"), id.ToString("P"), id.ToString("X"), $"urn:uuid:{id}" })
        {
            await ShouldBeAsync(Token().With("tenant_id", text), TenantErrors.MalformedClaim);
        }
    }

    [Test]
    public async Task Upper_and_lower_case_name_the_same_tenant()
    {
        var created = await App.As(clinic.Doctor).PostAsJsonAsync(ProbeFeature.Path, new { text = $"case {SomeId}" });
        var upper = Token().With("tenant_id", clinic.Id.ToString().ToUpperInvariant()).Sign();

        var read = await App.Api.WithToken(upper).GetAsync(created.Headers.Location);

        await read.ShouldBeJsonAsync();
    }

    [Test]
    public async Task A_token_whose_claim_stands_twice_is_refused_whichever_comes_last()
    {
        await ShouldBeAsync(Token().Doubling("tenant_id", SomeId), AuthenticationErrors.TokenRefused);
        await ShouldBeAsync(
            Token().With("tenant_id", SomeId).Doubling("tenant_id", clinic.Id.ToString()), AuthenticationErrors.TokenRefused);
        await ShouldBeAsync(Token().Doubling("tenant_id", clinic.Id.ToString()), AuthenticationErrors.TokenRefused);
    }

    [Test]
    public async Task A_token_whose_claim_stands_twice_in_another_spelling_of_its_name_is_refused()
    {
        var token = Token();
        token.RawPayload = JsonSerializer.Serialize(token.Payload)[..^1] + $",\"tenant\\u005fid\":\"{SomeId}\"}}";

        await ShouldBeAsync(token, AuthenticationErrors.TokenRefused);
    }

    [Test]
    public async Task An_array_of_two_tenants_is_TEN_003() => await ShouldBeAsync(
        Token().With("tenant_id", new[] { clinic.Id.ToString(), SomeId }), TenantErrors.SeveralClaims);

    [Test]
    public async Task An_array_of_one_tenant_is_that_tenant() => await ShouldBeServedAsync(
        Token().With("tenant_id", new[] { clinic.Id.ToString() }));

    [Test]
    public async Task A_tenant_that_nobody_registered_is_TEN_004() =>
        await ShouldBeAsync(Token().With("tenant_id", SomeId), TenantErrors.Unknown);

    [Test]
    public async Task The_name_of_the_claim_is_exact()
    {
        foreach (var name in new[] { "Tenant_Id", "tenantId", "tid", "https://example.org/tenant_id" })
        {
            await ShouldBeAsync(
                Token().Without("tenant_id").With(name, clinic.Id.ToString()), TenantErrors.NoClaim);
        }
    }

    [Test]
    public async Task A_refused_tenant_says_nothing_of_the_claim()
    {
        var answer = await SendAsync(Token().With("tenant_id", "canary-tenant"));

        Assert.That(await answer.Content.ReadAsStringAsync(), Does.Not.Contain("canary"));
    }

    [TestCase("X-Tenant-Id")]
    [TestCase("X-Tenant")]
    [TestCase("tenant_id")]
    [TestCase("X-Hasura-Tenant-Id")]
    public async Task A_tenant_in_a_header_is_ignored(string header)
    {
        var other = await App.NewClinicAsync();
        var asOther = App.As(clinic.Doctor);
        asOther.DefaultRequestHeaders.Add(header, other.Id.ToString());
        var nobody = App.Api.WithToken(Token().Without("tenant_id").Sign());
        nobody.DefaultRequestHeaders.Add(header, clinic.Id.ToString());

        var created = await asOther.PostAsJsonAsync(ProbeFeature.Path, new { text = $"by header {header}" });

        await ShouldBelongToTheClinicAsync(created, other);
        await (await nobody.GetAsync(ProbeFeature.Path)).ShouldBeAsync(TenantErrors.NoClaim);
    }

    [Test]
    public async Task A_tenant_in_the_query_is_ignored()
    {
        var other = await App.NewClinicAsync();
        var query = $"?tenant_id={other.Id}&tenant={other.Slug}&tenantId={other.Id}";

        var created = await App.As(clinic.Doctor).PostAsJsonAsync(ProbeFeature.Path + query, new { text = "by query" });

        await ShouldBelongToTheClinicAsync(created, other);
    }

    [Test]
    public async Task A_tenant_in_the_body_is_refused_as_an_unknown_member()
    {
        var other = await App.NewClinicAsync();

        var created = await App.As(clinic.Doctor).PostAsJsonAsync(
            ProbeFeature.Path, new { text = "by body", tenant_id = other.Id.ToString() });

        await created.ShouldBeAsync(RequestErrors.Malformed);
        Assert.That((await ListAsync(other)).GetArrayLength(), Is.Zero);
    }

    [Test]
    public async Task A_tenant_in_the_path_is_no_address()
    {
        var answer = await App.As(clinic.Doctor).GetAsync($"/api/v1/tenants/{clinic.Id}/probes");

        await answer.ShouldBeAsync(RequestErrors.NoSuchRoute);
    }

    private static IEnumerable<TestCaseData> MalformedClaims()
    {
        foreach (var json in new[]
        {
            "\"not-a-uuid\"", "\"\"", "\" \"", "null", "17", "true", "{}",
            $$"""{"id":"{{SomeId}}"}""", $"[[\"{SomeId}\"]]", "[17]",
            "\"00000000-0000-0000-0000-000000000000\"",
            $"\"{{{SomeId}}}\"", $"\"({SomeId})\"", "\"0198c3d4000070008000000000000000aa\"",
            $"\"{SomeId}0\"", $"\"{SomeId[..^1]}\"", $"\"{SomeId},{SomeId}\"",
            // Forms that the framework's parser takes though they are not canonical.
            "\"0x98c3d4-0000-7000-8000-0000000000aa\"", "\"+198c3d4-0000-7000-8000-0000000000aa\"",
        })
        {
            yield return new TestCaseData(json).SetArgDisplayNames(json);
        }
    }

    private static Task<HttpResponseMessage> SendAsync(TokenBuilder token) =>
        App.Api.WithToken(token.Sign()).GetAsync(ProbeFeature.Path);

    private static async Task ShouldBeAsync(TokenBuilder token, Error error) =>
        await (await SendAsync(token)).ShouldBeAsync(error);

    private static async Task ShouldBeServedAsync(TokenBuilder token) =>
        Assert.That((await SendAsync(token)).StatusCode, Is.EqualTo(HttpStatusCode.OK));

    private static async Task<JsonElement> ListAsync(Clinic of) =>
        await (await App.As(of.Doctor).GetAsync(ProbeFeature.Path)).ShouldBeJsonAsync();

    private async Task ShouldBelongToTheClinicAsync(HttpResponseMessage created, Clinic other)
    {
        await created.ShouldBeJsonAsync(HttpStatusCode.Created);
        await (await App.As(clinic.Doctor).GetAsync(created.Headers.Location)).ShouldBeJsonAsync();
        Assert.That((await ListAsync(other)).GetArrayLength(), Is.Zero);
    }

    private TokenBuilder Token() => App.Issuer.NewToken(clinic.Doctor);
}
