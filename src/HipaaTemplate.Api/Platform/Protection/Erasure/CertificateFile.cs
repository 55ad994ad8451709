using HipaaTemplate.Platform.Protection.Signing;
using HipaaTemplate.Platform.Commands;

namespace HipaaTemplate.Platform.Protection.Erasure;

/// <summary>A certificate that somebody brings.</summary>
internal static class CertificateFile
{
    /// <summary>Larger than any certificate of one patient or tenant.</summary>
    private const int MaximumLength = 1024 * 1024;

    /// <param name="file">The certificate.</param>
    /// <param name="publicKeyFile">PEM; null for the keys in the database.</param>
    /// <param name="keys">Not asked for when there is a file: then no database is needed.</param>
    /// <param name="ct">To stop.</param>
    /// <returns>The certificate when it is genuine, else what is wrong with it.</returns>
    /// <exception cref="CommandException">A file cannot be read, or holds no public key.</exception>
    public static async Task<(ErasureCertificate? Certificate, string Problem)> ReadAsync(
        string file, string? publicKeyFile, Func<CertificateKeys> keys, CancellationToken ct)
    {
        var text = await ReadAsync(file, ct);
        using var given = publicKeyFile is null
            ? null
            : SigningKeyPair.TryFromPem(System.Text.Encoding.UTF8.GetString(await ReadAsync(publicKeyFile, ct)))
                ?? throw new CommandException("The file of the public key holds no PEM of a key on P-256.");
        if (!SignedCertificate.TryParse(text, out var signed))
        {
            return (null, "This is no certificate of erasure, or it was changed.");
        }

        using var known = given is null ? await keys().FindPublicAsync(signed.KeyId, ct) : null;
        return (given ?? known) is not { } key
            ? (null, "It names a key that is not in this database; give the key that was kept with it: --public-key FILE.")
            : (signed.Verify(key), "This certificate was not signed by that key, or it was changed.");
    }

    private static async Task<byte[]> ReadAsync(string file, CancellationToken ct)
    {
        try
        {
            return new FileInfo(file).Length <= MaximumLength
                ? await File.ReadAllBytesAsync(file, ct)
                : throw new CommandException("The file is too large for a certificate.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"The file {Path.GetFileName(file)} cannot be read.");
        }
    }
}
