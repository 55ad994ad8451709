using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace HipaaTemplate.Platform.Auditing.Log;

/// <summary>One signature line of a note, by a key that may or may not be known.</summary>
internal sealed record NoteSignature(string Name, uint KeyId, ReadOnlyMemory<byte> Signature)
{
    private const string Start = "\u2014 ";
    private const int KeyIdLength = 4;

    /// <param name="line">Without its newline.</param>
    /// <param name="signature">Read, not verified.</param>
    public static bool TryParse(string line, [NotNullWhen(true)] out NoteSignature? signature)
    {
        signature = null;
        if (!line.StartsWith(Start, StringComparison.Ordinal)
            || line[Start.Length..].Split(' ') is not [var name, var encoded] || !NoteText.IsName(name)
            || !StrictBase64.TryDecode(encoded, out var bytes) || bytes.Length <= KeyIdLength)
        {
            return false;
        }

        signature = new NoteSignature(name, BinaryPrimitives.ReadUInt32BigEndian(bytes), bytes.AsMemory(KeyIdLength));
        return true;
    }

    public string Format()
    {
        var bytes = new byte[KeyIdLength + Signature.Length];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, KeyId);
        Signature.CopyTo(bytes.AsMemory(KeyIdLength));
        return $"{Start}{Name} {Convert.ToBase64String(bytes)}";
    }
}
