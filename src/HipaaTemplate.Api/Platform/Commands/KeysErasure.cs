using System.Globalization;
using HipaaTemplate.Platform.Database;
using HipaaTemplate.Platform.Protection.Erasure;
using HipaaTemplate.Platform.Protection.Providers;
using Microsoft.EntityFrameworkCore;

namespace HipaaTemplate.Platform.Commands;

/// <summary>The forms of <c>keys</c> that erase, and that prove it.</summary>
internal sealed class KeysErasure(OwnerDatabase database, IServiceProvider services)
{
    private const string Tenant = CommandOptions.Tenant;
    private const string Patient = CommandOptions.Patient;
    private const string Out = "--out";
    private const string Certificate = "--certificate";
    private const string PublicKey = "--public-key";

    public static IReadOnlyList<string> Usage { get; } =
    [
        "keys erase --patient ID --tenant SLUG [--out FILE]         destroys a patient's keys; prints the signed certificate, or writes it to FILE",
        "keys erase --tenant SLUG [--out FILE]                      destroys all keys of a tenant that is suspended",
        "keys erase --certificate FILE [--public-key FILE]          the same again, after the restore of an older backup",
        "keys certificate verify FILE [--public-key FILE]           ends with 0 when it is genuine, 2 when it is not; with the public key (PEM) without a database",
        "keys certificate show ID                                   prints the certificate of a patient or tenant again",
        "keys certificate public-key                                prints the public key (PEM) that certificates are checked with",
    ];

    // Not in the constructor: they need settings, which --help must not.
    private Erasing Erasing => services.GetRequiredService<Erasing>();

    private CertificateKeys Keys => services.GetRequiredService<CertificateKeys>();

    /// <returns>Null when the words are none of its forms.</returns>
    public Func<CancellationToken, Task<int>>? Find(IReadOnlyList<string> arguments) => arguments switch
    {
        ["erase", ..] => ct => EraseAsync(CommandOptions.Read(arguments.Skip(1), Patient, Tenant, Out, Certificate, PublicKey), ct),
        ["certificate", "verify", var file] => ct => VerifyAsync(file, null, ct),
        ["certificate", "verify", var file, PublicKey, var key] => ct => VerifyAsync(file, key, ct),
        ["certificate", "show", var id] => ct => ShowAsync(id, ct),
        ["certificate", "public-key"] => PublicKeyAsync,
        _ => null,
    };

    private Task<int> EraseAsync(IReadOnlyDictionary<string, string> options, CancellationToken ct)
    {
        var (tenant, certificate) = (options.GetValueOrDefault(Tenant), options.GetValueOrDefault(Certificate));
        return (tenant, certificate) switch
        {
            (not null, null) when !options.ContainsKey(PublicKey) =>
                EraseAsync(tenant, CommandOptions.PatientOf(options), options.GetValueOrDefault(Out), ct),
            (null, not null) when options.Keys.All(name => name is Certificate or PublicKey) =>
                EraseAgainAsync(certificate, options.GetValueOrDefault(PublicKey), ct),
            _ => throw new UsageException("keys erase needs one of its forms."),
        };
    }

    private async Task<int> EraseAsync(string slug, Guid? patient, string? file, CancellationToken ct)
    {
        var tenant = await CommandTenant.FindAsync(database, slug, ct);
        if (file is not null && Path.Exists(file))
        {
            throw new CommandException("The file is there already; a certificate takes the place of nothing.");
        }

        Erased erased;
        try
        {
            erased = patient is { } id ? await Erasing.PatientAsync(tenant, id, ct) : await Erasing.TenantAsync(tenant, ct);
        }
        catch (KeyProviderException e)
        {
            throw new CommandException($"The key service did not give the key that signs certificates, so nothing was erased ({e.Fault}: {e.Reason}).");
        }

        await Console.Error.WriteLineAsync(CertificateText.Of(erased.Certificate));
        await PrintAsync(erased, file, ct);
        return ExitCode.Done;
    }

    /// <summary>Standard output holds the certificate and nothing else.</summary>
    private static async Task PrintAsync(Erased erased, string? file, CancellationToken ct)
    {
        if (file is null)
        {
            await Console.Out.WriteLineAsync(erased.Text);
            return;
        }

        try
        {
            await using var writer = new StreamWriter(file, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write });
            await writer.WriteLineAsync(erased.Text.AsMemory(), ct);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            var id = erased.Certificate.PatientId ?? erased.Certificate.TenantId.Value;
            throw new CommandException($"It is erased, but the certificate could not be written: keys certificate show {id} prints it.");
        }
    }

    private async Task<int> EraseAgainAsync(string file, string? publicKeyFile, CancellationToken ct)
    {
        var (certificate, problem) = await CertificateFile.ReadAsync(file, publicKeyFile, () => Keys, ct);
        if (certificate is null)
        {
            await Console.Error.WriteLineAsync(problem);
            return ExitCode.Tampered;
        }

        await Console.Error.WriteLineAsync(await Erasing.AgainAsync(certificate, ct) is { } darkened
            ? CertificateText.Of(darkened)
            : "This database does not know the tenant: there is nothing to erase.");
        return ExitCode.Done;
    }

    private async Task<int> VerifyAsync(string file, string? publicKeyFile, CancellationToken ct)
    {
        var (certificate, problem) = await CertificateFile.ReadAsync(file, publicKeyFile, () => Keys, ct);
        await (certificate is null
            ? Console.Error.WriteLineAsync(problem)
            : Console.Out.WriteLineAsync($"genuine\n{CertificateText.Of(certificate)}"));
        return certificate is null ? ExitCode.Tampered : ExitCode.Done;
    }

    private async Task<int> ShowAsync(string id, CancellationToken ct)
    {
        var subject = CommandOptions.ParseId(id);
        await using var db = database.CreateContext();
        var certificates = await CertificateLedger.OfAsync(db, subject, ct);
        foreach (var certificate in certificates)
        {
            await Console.Out.WriteLineAsync(certificate);
        }

        return certificates.Count > 0
            ? ExitCode.Done
            : throw new CommandException("This database has no certificate of that id.");
    }

    private async Task<int> PublicKeyAsync(CancellationToken ct)
    {
        try
        {
            using var key = await Keys.PublicAsync(ct);
            await Console.Out.WriteLineAsync(key.PublicPem());
            return ExitCode.Done;
        }
        catch (KeyProviderException e)
        {
            throw new CommandException($"The key service did not wrap a key ({e.Fault}: {e.Reason}).");
        }
    }
}
