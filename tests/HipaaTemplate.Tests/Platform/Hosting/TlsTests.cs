using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace HipaaTemplate.Tests.Platform.Hosting;

/// <summary>When the process terminates TLS itself, it speaks 1.2 and 1.3 and nothing older.</summary>
[Hipaa(Citations.Transmission)]
internal sealed class TlsTests
{
    private readonly string folder = Directory.CreateTempSubdirectory("tls-test-").FullName;
    private ApiHost api = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        await File.WriteAllTextAsync(Path.Combine(folder, "cert.pem"), certificate.ExportCertificatePem());
        await File.WriteAllTextAsync(Path.Combine(folder, "key.pem"), key.ExportPkcs8PrivateKeyPem());
        api = new ApiHost(App.DatabaseUrl, App.Issuer, new Dictionary<string, string>
        {
            ["TLS_CERTIFICATE_FILE"] = Path.Combine(folder, "cert.pem"),
            ["TLS_KEY_FILE"] = Path.Combine(folder, "key.pem"),
        });
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await api.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [TestCase(SslProtocols.Tls12)]
    [TestCase(SslProtocols.Tls13)]
    public async Task Modern_TLS_is_served_with_HSTS(SslProtocols protocol)
    {
        var answer = await GetAsync(protocol);

        Assert.That(answer, Does.StartWith("HTTP/1.1 200"));
        Assert.That(answer, Does.Contain("Strict-Transport-Security: max-age=15768000"));
    }

    [Test]
    public void Older_TLS_is_refused_by_the_server()
    {
#pragma warning disable SYSLIB0039, CA5397 // It is what an old client would ask for.
        var refusal = Assert.CatchAsync(async () => await GetAsync(SslProtocols.Tls11))!;
#pragma warning restore SYSLIB0039, CA5397
        if (refusal.ToString().Contains("no protocols available", StringComparison.OrdinalIgnoreCase))
        {
            Assert.Ignore("This machine's OpenSSL will not even ask for TLS 1.1.");
        }

        Assert.That(refusal, Is.InstanceOf<AuthenticationException>().Or.InstanceOf<IOException>());
    }

    [Test]
    public async Task Plain_HTTP_is_not_spoken_on_the_port()
    {
        var answer = await RawHttp.SendAsync(api.Address, "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");

        Assert.That(answer, Does.Not.Contain("200 OK"));
    }

    private async Task<string> GetAsync(SslProtocols protocol)
    {
        using var client = await RawHttp.ConnectAsync(api.Address);
#pragma warning disable CA5359 // The certificate is this test's own.
        await using var tls = new SslStream(client.GetStream(), leaveInnerStreamOpen: false, (_, _, _, _) => true);
#pragma warning restore CA5359
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            EnabledSslProtocols = protocol,
            CipherSuitesPolicy = protocol is SslProtocols.Tls13 or SslProtocols.Tls12 ? null : LenientCiphers(),
        });
        Assert.That(tls.SslProtocol, Is.EqualTo(protocol));
        await tls.WriteAsync(Encoding.ASCII.GetBytes("GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
        using var reader = new StreamReader(tls);
        return await reader.ReadToEndAsync();
    }

#pragma warning disable CA1416 // Linux and macOS, where the tests run.
    private static CipherSuitesPolicy LenientCiphers() => new([TlsCipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA]);
#pragma warning restore CA1416
}
