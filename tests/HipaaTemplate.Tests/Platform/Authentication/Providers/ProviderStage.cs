using System.Security.Cryptography;
using HipaaTemplate.Platform.Authentication;
using HipaaTemplate.Platform.Authentication.Tokens;

namespace HipaaTemplate.Tests.Platform.Authentication.Providers;

/// <summary>An API that was set up by a provider's page, and an issuer that stands for the provider.</summary>
internal sealed class ProviderStage : IAsyncDisposable
{
    private readonly LogCapture log = new();
    private readonly ProviderPage page;

    private ProviderStage(Clinic clinic, ProviderPage page, TestIssuer issuer)
    {
        this.page = page;
        Clinic = clinic;
        Issuer = issuer;
        // Whatever the harness's own settings say, a page is followed to the letter.
        Api = new ApiHost(
            App.DatabaseUrl,
            issuer,
            new Dictionary<string, string>(page.Settings)
            {
                ["OIDC_ISSUER_URL"] = issuer.Issuer,
                ["OIDC_AUDIENCE"] = page.Settings.GetValueOrDefault("OIDC_AUDIENCE", ""),
            },
            log.Install);
    }

    public Clinic Clinic { get; }

    public TestIssuer Issuer { get; }

    public ApiHost Api { get; }

    public string ClientId => page.Settings["OIDC_CLIENT_ID"];

    public string Audience => page.Settings["OIDC_AUDIENCE"];

    /// <summary>The page's access token, which a test may change.</summary>
    public TokenBuilder Token => page.TokenOf(Issuer);

    public static async Task<ProviderStage> StartAsync(string provider)
    {
        var clinic = await App.NewClinicAsync();
        var its = new ProviderPage(provider, clinic.Id);
        return new ProviderStage(clinic, its, await TestIssuer.StartAsync(its.Issuer.AbsolutePath));
    }

    /// <summary>Signed as its header says, by a key that the issuer publishes.</summary>
    public string Sign(TokenBuilder token) => $"{token.Header["alg"]}" switch
    {
        "ES256" => token.Sign(input => Issuer.Ec.SignData(input, HashAlgorithmName.SHA256)),
        "HS256" => token.Sign(input => HMACSHA256.HashData(Issuer.SharedSecret, input)),
        "HS512" => token.Sign(input => HMACSHA512.HashData(Issuer.SharedSecret, input)),
        _ => token.Sign(),
    };

    public Task<HttpResponseMessage> GetAsync(TokenBuilder token, string path = ProbeFeature.Path) =>
        Api.WithToken(Sign(token)).GetAsync(path);

    public async Task ShouldBeRefusedAsync(TokenBuilder token, TokenRefusal reason)
    {
        var requestId = Guid.CreateVersion7().ToString("N");
        using var client = Api.WithToken(Sign(token));
        client.DefaultRequestHeaders.Add("X-Request-Id", requestId);

        await (await client.GetAsync(ProbeFeature.Path)).ShouldBeAsync(AuthenticationErrors.TokenRefused);

        Assert.That(log.ReasonOf(requestId), Is.EqualTo(reason.Word()));
    }

    public async ValueTask DisposeAsync()
    {
        await Api.DisposeAsync();
        await Issuer.DisposeAsync();
    }
}
