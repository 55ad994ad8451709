using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using HipaaTemplate.Platform.Secrets.Services;
using HipaaTemplate.Platform.Secrets.Vault;
using HipaaTemplate.Tests.Harness.Services;
using HipaaTemplate.Tests.Harness.Vault;
using Microsoft.Extensions.Logging.Abstractions;

namespace HipaaTemplate.Tests.Platform.Secrets.Vault;

/// <summary>Over https Vault is whom the named authority vouches for, and nobody else.</summary>
internal sealed class VaultTlsTests
{
    private readonly string folder = Directory.CreateTempSubdirectory("vault-tls-").FullName;
    private readonly DateTimeOffset now = TimeProvider.System.GetUtcNow();
    private X509Certificate2 authority = null!;
    private X509Certificate2 stranger = null!;

    [OneTimeSetUp]
    public void MakeAuthorities() => (authority, stranger) = (NewAuthority("vouches"), NewAuthority("stranger"));

    [OneTimeTearDown]
    public void RemoveAuthorities()
    {
        authority.Dispose();
        stranger.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Test]
    public async Task A_Vault_that_the_named_authority_vouches_for_is_spoken_to()
    {
        using var certificate = NewCertificate(authority, "127.0.0.1");
        await AskAsync(certificate, authority);
    }

    [Test]
    public void A_Vault_of_another_authority_is_not()
    {
        using var certificate = NewCertificate(stranger, "127.0.0.1");
        IsNotSpokenTo(certificate, authority);
    }

    [Test]
    public void A_Vault_that_goes_by_another_name_is_not()
    {
        using var certificate = NewCertificate(authority, "127.0.0.2");
        IsNotSpokenTo(certificate, authority);
    }

    [Test]
    public void Without_a_named_authority_those_of_the_machine_vouch()
    {
        using var certificate = NewCertificate(authority, "127.0.0.1");
        IsNotSpokenTo(certificate, trusted: null);
    }

    private void IsNotSpokenTo(X509Certificate2 certificate, X509Certificate2? trusted) => Assert.That(
        async () => await AskAsync(certificate, trusted),
        Throws.InstanceOf<ServiceException>().With.Property(nameof(ServiceException.Reason)).EqualTo("no_connection"));

    private async Task AskAsync(X509Certificate2 certificate, X509Certificate2? trusted)
    {
        await using var vault = await VaultDouble.StartAsync(certificate: certificate);
        vault.Secrets.Put("any", new JsonObject());
        Dictionary<string, string> settings = new()
        {
            ["VAULT_ADDR"] = vault.Address.ToString(),
            ["VAULT_ROLE_ID"] = VaultDouble.RoleId,
            ["VAULT_SECRET_ID"] = VaultDouble.SecretId,
        };
        if (trusted is not null)
        {
            settings["VAULT_CA_FILE"] = Path.Combine(folder, $"{trusted.Thumbprint}.pem");
            await File.WriteAllTextAsync(settings["VAULT_CA_FILE"], trusted.ExportCertificatePem());
        }

        using var client = new VaultClient(
            StageSettings.Of<VaultSettings>(settings), TimeProvider.System, NullLogger<VaultClient>.Instance);
        await client.AskAsync();
    }

    private X509Certificate2 NewAuthority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(2));
    }

    private X509Certificate2 NewCertificate(X509Certificate2 issuer, string address)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=vault", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(System.Net.IPAddress.Parse(address));
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.Create(issuer, now.AddDays(-1), now.AddDays(1), RandomNumberGenerator.GetBytes(8));
        return certificate.CopyWithPrivateKey(key);
    }
}
