using System.Net;
using System.Security.Cryptography;
using HipaaTemplate.Platform.Authentication;

namespace HipaaTemplate.Tests.Platform.Authentication;

/// <summary>Keys come from the identity provider and change while the API runs.</summary>
internal sealed class KeyRotationTests
{
    private TestIssuer issuer = null!;
    private ApiHost api = null!;
    private Clinic clinic = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        issuer = await TestIssuer.StartAsync();
        api = new ApiHost(App.DatabaseUrl, issuer);
        clinic = await App.NewClinicAsync(api);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await api.DisposeAsync();
        await issuer.DisposeAsync();
    }

    [Test]
    public async Task A_new_key_is_accepted_without_a_restart_and_the_old_one_still_is()
    {
        using var key = RSA.Create(2048);
        var old = issuer.NewToken(clinic.Doctor).Sign();
        var rotated = issuer.NewToken(clinic.Doctor).WithHeader("kid", "rotated")
            .Sign(input => key.SignData(input, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
        Assert.That((await GetAsync(old)).StatusCode, Is.EqualTo(HttpStatusCode.OK));
        var fetchesBefore = issuer.KeyFetches;

        issuer.Rotated = key;
        // The unknown kid starts a refresh in the background; the request itself may still be refused.
        await Eventually.IsTrueAsync(
            async () => (await GetAsync(rotated)).StatusCode == HttpStatusCode.OK, "The new key was never accepted.");

        Assert.That((await GetAsync(old)).StatusCode, Is.EqualTo(HttpStatusCode.OK));
        var fetchesAfter = issuer.KeyFetches;
        Assert.That(fetchesAfter, Is.EqualTo(fetchesBefore + 1));

        // A flood of invented kids must not become a flood on the identity provider.
        for (var i = 0; i < 50; i++)
        {
            var invented = issuer.NewToken(clinic.Doctor).WithHeader("kid", $"invented-{i}").Sign();
            await (await GetAsync(invented)).ShouldBeAsync(AuthenticationErrors.TokenRefused);
        }

        Assert.That(issuer.KeyFetches, Is.EqualTo(fetchesAfter));
        issuer.Rotated = null;
    }

    private Task<HttpResponseMessage> GetAsync(string token) => api.WithToken(token).GetAsync(ProbeFeature.Path);
}
