using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace HipaaTemplate.Platform.Auditing.Log;

/// <summary>What the signatures of a note are worth to whoever knows certain keys.</summary>
internal enum NoteVerdict
{
    /// <summary>No key that is known signed it: the text counts for nothing.</summary>
    Unsigned,

    /// <summary>A known key is named that did not sign this text: it was changed, or the signature made up.</summary>
    Forged,

    /// <summary>At least one known key signed it, and none is named falsely.</summary>
    Verified,
}

/// <summary>
/// Text with signatures under it (c2sp.org/signed-note). Reading one verifies nothing: before
/// <see cref="Verify"/> has said <see cref="NoteVerdict.Verified"/> the text is anybody's.
/// </summary>
internal sealed class SignedNote
{
    /// <summary>Longest note, in bytes: room for sixteen witnesses with the largest signatures there are.</summary>
    public const int MaximumLength = 256 * 1024;

    /// <summary>Most signatures; the specification asks for at least 16.</summary>
    public const int MaximumSignatures = 64;

    private const string Separator = "\n\n";

    private SignedNote(string text, IReadOnlyList<NoteSignature> signatures)
    {
        Text = text;
        Signatures = signatures;
    }

    /// <summary>What is signed; ends with a newline.</summary>
    public string Text { get; }

    public IReadOnlyList<NoteSignature> Signatures { get; }

    /// <param name="text">Ends with a newline.</param>
    /// <param name="signers">Several while one key takes over from another.</param>
    /// <param name="cancellationToken">Of the caller.</param>
    /// <exception cref="ArgumentException">The text, or what came of it, is no note.</exception>
    /// <exception cref="CryptographicException">A signer did not sign with the key that it names.</exception>
    public static async ValueTask<SignedNote> SignAsync(
        string text, IReadOnlyList<INoteSigner> signers, CancellationToken cancellationToken)
    {
        if (text.Length > MaximumLength || !text.EndsWith('\n') || !NoteText.IsText(text))
        {
            throw new ArgumentException("A note is text that ends with a newline.", nameof(text));
        }

        var bytes = NoteText.Encode(text);
        List<NoteSignature> signatures = [];
        foreach (var signer in signers)
        {
            var signature = await signer.SignAsync(bytes, cancellationToken);
            // A key service may have another key behind the name by now. What nobody can verify is never written.
            if (!signer.Key.HasSigned(bytes, signature))
            {
                throw new CryptographicException("The signature is not by the key that the signer names.");
            }

            signatures.Add(new NoteSignature(signer.Key.Name, signer.Key.Id, signature));
        }

        var note = new SignedNote(text, signatures);
        return TryParse(note.Format(), out _)
            ? note
            : throw new ArgumentException("A note has some signatures, and neither these nor the text without bounds.", nameof(signers));
    }

    /// <returns>False at anything that <see cref="Format"/> would not write in just this way.</returns>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out SignedNote? note)
    {
        note = null;
        if (bytes.Length > MaximumLength || !NoteText.TryDecode(bytes, out var decoded) || !decoded.EndsWith('\n'))
        {
            return false;
        }

        // The last empty line; the text may hold others, and lines that look like signatures.
        var end = decoded.LastIndexOf(Separator, StringComparison.Ordinal);
        if (end < 0 || end + Separator.Length == decoded.Length)
        {
            return false;
        }

        var lines = decoded[(end + Separator.Length)..^1].Split('\n', MaximumSignatures + 1);
        if (lines.Length > MaximumSignatures)
        {
            return false;
        }

        List<NoteSignature> signatures = [];
        foreach (var line in lines)
        {
            if (!NoteSignature.TryParse(line, out var signature))
            {
                return false;
            }

            signatures.Add(signature);
        }

        note = new SignedNote(decoded[..(end + 1)], signatures);
        return true;
    }

    /// <summary>
    /// Signatures by unknown keys are ignored. Each one by a known key must verify, under every key of that
    /// name and ID.
    /// </summary>
    public NoteVerdict Verify(IReadOnlyCollection<NoteKey> keys)
    {
        var bytes = NoteText.Encode(Text);
        var claims = Signatures.SelectMany(
            signature => keys.Where(key => key.Id == signature.KeyId && key.Name == signature.Name),
            (signature, key) => key.HasSigned(bytes, signature.Signature.Span)).ToList();
        return claims.Count == 0 ? NoteVerdict.Unsigned : claims.TrueForAll(holds => holds) ? NoteVerdict.Verified : NoteVerdict.Forged;
    }

    /// <returns>UTF-8.</returns>
    public byte[] Format() =>
        NoteText.Encode($"{Text}\n{string.Concat(Signatures.Select(signature => $"{signature.Format()}\n"))}");
}
