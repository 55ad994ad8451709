using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;

namespace HipaaTemplate.Tests.Harness;

/// <summary>
/// An identity provider for tests: a discovery document and a JWKS on a port of its own, and keys,
/// made at start, that really sign.
/// </summary>
internal sealed class TestIssuer : IAsyncDisposable
{
    public const string Audience = "https://api.hipaa-template.test";
    public const string ClientId = "test-client";
    private readonly WebApplication host;

    private TestIssuer(WebApplication host) => this.host = host;

    public string Issuer => host.Urls.Single();

    /// <summary>Published under kid "rsa"; the key that tokens are signed with unless a test says otherwise.</summary>
    public RSA Rsa { get; } = RSA.Create(2048);

    /// <summary>Published under kid "ec".</summary>
    public ECDsa Ec { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>Published by nobody.</summary>
    public RSA Stranger { get; } = RSA.Create(2048);

    public static async Task<TestIssuer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var issuer = new TestIssuer(app);
        app.MapGet("/.well-known/openid-configuration", () => Results.Json(new Dictionary<string, object>
        {
            ["issuer"] = issuer.Issuer,
            ["jwks_uri"] = issuer.Issuer + "/jwks",
            ["authorization_endpoint"] = issuer.Issuer + "/auth",
            ["token_endpoint"] = issuer.Issuer + "/token",
            ["response_types_supported"] = new[] { "code" },
            ["subject_types_supported"] = new[] { "public" },
            ["id_token_signing_alg_values_supported"] = new[] { "RS256" },
        }));
        app.MapGet("/jwks", () => Results.Json(new { keys = issuer.PublicKeys() }));
        await app.StartAsync();
        return issuer;
    }

    /// <summary>A token as this issuer writes them: RFC 9068, five minutes.</summary>
    public TokenBuilder NewToken(TestUser user)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var token = new TokenBuilder(this)
        {
            Header = { ["alg"] = "RS256", ["typ"] = "at+jwt", ["kid"] = "rsa" },
            Payload =
            {
                ["iss"] = Issuer,
                ["aud"] = Audience,
                ["sub"] = user.Subject,
                ["iat"] = now,
                ["nbf"] = now,
                ["exp"] = now + 300,
                ["roles"] = user.Roles,
            },
        };
        if (user.Tenant is { } tenant)
        {
            token.Payload["tenant_id"] = tenant.ToString();
        }

        return token;
    }

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        Rsa.Dispose();
        Ec.Dispose();
        Stranger.Dispose();
    }

    private Dictionary<string, string>[] PublicKeys()
    {
        var rsa = Rsa.ExportParameters(includePrivateParameters: false);
        var ec = Ec.ExportParameters(includePrivateParameters: false);
        return
        [
            new()
            {
                ["kty"] = "RSA", ["kid"] = "rsa", ["use"] = "sig",
                ["n"] = Base64UrlEncoder.Encode(rsa.Modulus), ["e"] = Base64UrlEncoder.Encode(rsa.Exponent),
            },
            new()
            {
                ["kty"] = "EC", ["kid"] = "ec", ["use"] = "sig", ["crv"] = "P-256", ["alg"] = "ES256",
                ["x"] = Base64UrlEncoder.Encode(ec.Q.X), ["y"] = Base64UrlEncoder.Encode(ec.Q.Y),
            },
        ];
    }
}
