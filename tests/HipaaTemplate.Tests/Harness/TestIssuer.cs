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
    private readonly string path;
    private int keyFetches;
    private int strangerKeyFetches;

    private TestIssuer(WebApplication host, string path)
    {
        this.host = host;
        this.path = path;
    }

    public string Issuer => Origin + path;

    /// <summary>The issuer without its path.</summary>
    public string Origin => host.Urls.Single();

    /// <summary>
    /// Published under kid "rsa", for RS256; the key that tokens are signed with unless a test says otherwise.
    /// </summary>
    public RSA Rsa { get; } = RSA.Create(2048);

    /// <summary>Published under kid "rsa2", for no algorithm in particular.</summary>
    public RSA Rsa2 { get; } = RSA.Create(2048);

    /// <summary>Published under kid "weak", with 1024 bits.</summary>
    public RSA Weak { get; } = RSA.Create(1024);

    /// <summary>Published under kid "enc", to encrypt with.</summary>
    public RSA EncryptionOnly { get; } = RSA.Create(2048);

    /// <summary>Published under kid "oct", as nobody should.</summary>
    public byte[] SharedSecret { get; } = RandomNumberGenerator.GetBytes(32);

    /// <summary>Published under kid "ec".</summary>
    public ECDsa Ec { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>Published under kid "ec384", for an algorithm that is not on the allow-list.</summary>
    public ECDsa Ec384 { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP384);

    /// <summary>Not in the issuer's JWKS; at <see cref="StrangerKeys"/>, where nobody should look.</summary>
    public RSA Stranger { get; } = RSA.Create(2048);

    public string StrangerKeys => Below("/stranger");

    public int KeyFetches => keyFetches;

    public int StrangerKeyFetches => strangerKeyFetches;

    /// <summary>While set, these keys are published and no others.</summary>
    public IReadOnlyList<Dictionary<string, string>>? Published { get; set; }

    /// <summary>While set, the answer to everybody who asks for keys.</summary>
    public Func<IResult>? KeysAnswer { get; set; }

    /// <summary>While set, the issuer that the discovery document names.</summary>
    public string? StatedIssuer { get; set; }

    /// <summary>While set, where the discovery document says that the keys are.</summary>
    public string? StatedKeysAddress { get; set; }

    /// <summary>Published under kid "rotated" from the moment that it is set.</summary>
    public RSA? Rotated { get; set; }

    /// <summary>While set, answers wait for it.</summary>
    public TaskCompletionSource? Gate { get; set; }

    /// <summary>While true, nothing of this issuer answers but 503.</summary>
    public bool IsAway { get; set; }

    /// <param name="path">Of the issuer: a realm or a directory, or the slash that some issuers end in.</param>
    public static async Task<TestIssuer> StartAsync(string path = "")
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var issuer = new TestIssuer(app, path);
        app.Use(async (context, next) =>
        {
            if (issuer.Gate is { } gate)
            {
                await gate.Task;
            }

            if (issuer.IsAway)
            {
                context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
                return;
            }

            await next(context);
        });
        var documents = app.MapGroup(path.TrimEnd('/'));
        documents.MapGet("/.well-known/openid-configuration", () => Results.Json(new Dictionary<string, object>
        {
            ["issuer"] = issuer.StatedIssuer ?? issuer.Issuer,
            ["jwks_uri"] = issuer.StatedKeysAddress ?? issuer.Below("/jwks"),
            ["authorization_endpoint"] = issuer.Below("/auth"),
            ["token_endpoint"] = issuer.Below("/token"),
            ["response_types_supported"] = new[] { "code" },
            ["subject_types_supported"] = new[] { "public" },
            ["id_token_signing_alg_values_supported"] = new[] { "RS256" },
        }));
        // The second is where Supabase has them.
        foreach (var keys in new[] { "/jwks", "/.well-known/jwks.json" })
        {
            documents.MapGet(keys, issuer.Keys);
        }

        documents.MapGet("/stranger", () =>
        {
            Interlocked.Increment(ref issuer.strangerKeyFetches);
            return Results.Json(new { keys = new[] { PublicKey(issuer.Stranger, "stranger") } });
        });
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
        Ec384.Dispose();
        Rsa2.Dispose();
        Weak.Dispose();
        EncryptionOnly.Dispose();
        Rotated?.Dispose();
        Stranger.Dispose();
    }

    /// <summary>The public half as a JWK (RFC 7517).</summary>
    public static Dictionary<string, string> PublicKey(RSA key, string kid, string use = "sig", string? alg = null)
    {
        var rsa = key.ExportParameters(includePrivateParameters: false);
        Dictionary<string, string> jwk = new()
        {
            ["kty"] = "RSA", ["kid"] = kid, ["use"] = use,
            ["n"] = Base64UrlEncoder.Encode(rsa.Modulus), ["e"] = Base64UrlEncoder.Encode(rsa.Exponent),
        };
        if (alg is not null)
        {
            jwk["alg"] = alg;
        }

        return jwk;
    }

    private static Dictionary<string, string> PublicKey(ECDsa key, string kid, string curve)
    {
        var ec = key.ExportParameters(includePrivateParameters: false);
        return new()
        {
            ["kty"] = "EC", ["kid"] = kid, ["use"] = "sig", ["crv"] = curve,
            ["x"] = Base64UrlEncoder.Encode(ec.Q.X), ["y"] = Base64UrlEncoder.Encode(ec.Q.Y),
        };
    }

    private string Below(string address) => Issuer.TrimEnd('/') + address;

    private IResult Keys()
    {
        Interlocked.Increment(ref keyFetches);
        return KeysAnswer?.Invoke() ?? Results.Json(new { keys = PublicKeys() });
    }

    private IEnumerable<Dictionary<string, string>> PublicKeys()
    {
        if (Published is { } own)
        {
            foreach (var key in own)
            {
                yield return key;
            }

            yield break;
        }

        yield return PublicKey(Rsa, "rsa", alg: "RS256");
        yield return PublicKey(Rsa2, "rsa2");
        yield return PublicKey(Weak, "weak");
        yield return PublicKey(EncryptionOnly, "enc", use: "enc", alg: "RSA-OAEP");
        yield return new() { ["kty"] = "oct", ["kid"] = "oct", ["alg"] = "HS256", ["k"] = Base64UrlEncoder.Encode(SharedSecret) };
        yield return PublicKey(Ec, "ec", "P-256");
        yield return PublicKey(Ec384, "ec384", "P-384");
        if (Rotated is { } rotated)
        {
            yield return PublicKey(rotated, "rotated");
        }
    }
}
