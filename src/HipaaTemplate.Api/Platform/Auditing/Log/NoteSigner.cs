using System.Security.Cryptography;

namespace HipaaTemplate.Platform.Auditing.Log;

/// <summary>Whatever holds the private half of a key that signs notes: this process or a key service.</summary>
internal interface INoteSigner
{
    /// <summary>By which others verify.</summary>
    NoteKey Key { get; }

    /// <param name="text">UTF-8.</param>
    /// <param name="cancellationToken">Of the caller.</param>
    /// <returns>ECDSA over SHA-256 of the text, ASN.1 DER (RFC 3279 §2.2.3).</returns>
    ValueTask<byte[]> SignAsync(ReadOnlyMemory<byte> text, CancellationToken cancellationToken);
}

/// <summary>Signs with a key in memory, which stays its owner's to dispose of.</summary>
internal sealed class LocalNoteSigner : INoteSigner
{
    private readonly ECDsa privateKey;

    /// <param name="name">Of the key, as it will stand in the notes.</param>
    /// <param name="privateKey">On P-256.</param>
    /// <exception cref="ArgumentException">Such a name or key signs no notes.</exception>
    public LocalNoteSigner(string name, ECDsa privateKey)
    {
        Key = NoteKey.TryCreate(name, privateKey.ExportSubjectPublicKeyInfo(), out var key)
            ? key
            : throw new ArgumentException("A name without spaces or plus, and a key on P-256, sign notes.", nameof(name));
        this.privateKey = privateKey;
    }

    public NoteKey Key { get; }

    public ValueTask<byte[]> SignAsync(ReadOnlyMemory<byte> text, CancellationToken cancellationToken) => ValueTask.FromResult(
        privateKey.SignData(text.Span, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
}
