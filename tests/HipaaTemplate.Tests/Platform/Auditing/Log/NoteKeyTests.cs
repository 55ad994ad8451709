using System.Buffers.Binary;
using System.Security.Cryptography;
using HipaaTemplate.Platform.Auditing.Log;

namespace HipaaTemplate.Tests.Platform.Auditing.Log;

/// <summary>A key has one spelling, by which its ID is computed.</summary>
internal sealed class NoteKeyTests
{
    private const string Name = "clinic.example/log";
    private byte[] publicKey = null!;

    [SetUp]
    public void MakeKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        publicKey = key.ExportSubjectPublicKeyInfo();
    }

    [Test]
    public void The_text_of_a_key_is_read_and_written_again()
    {
        Assert.That(NoteKey.TryCreate(Name, publicKey, out var made), Is.True);
        var hash = SHA256.HashData(publicKey);
        var text = $"{Name}+{Convert.ToHexStringLower(hash[..4])}+{Convert.ToBase64String([2, .. publicKey])}";
        Assert.That(made!.Format(), Is.EqualTo(text));
        Assert.That(NoteKey.TryParse(text, out var read), Is.True);
        Assert.That(
            (read!.Name, read.Id, read.Format()), Is.EqualTo((Name, BinaryPrimitives.ReadUInt32BigEndian(hash), text)));
    }

    [Test]
    public void Any_other_text_is_refused()
    {
        Assert.That(NoteKey.TryCreate(Name, publicKey, out var key), Is.True);
        var text = key!.Format();
        var id = $"{key.Id:x8}";
        var wrongId = $"{key.Id ^ 1:x8}";
        string Of(params byte[] bytes) => $"{Name}+{id}+{Convert.ToBase64String(bytes)}";
        string[] wrong =
        [
            "", "+", "++", Name, $"{Name}+{id}", text[Name.Length..], $"a b{text[Name.Length..]}", $"{text} ", $" {text}", $"{text}\n",
            text.Replace(id, wrongId, StringComparison.Ordinal), text.Replace(id, $"0{id}", StringComparison.Ordinal),
            text.Replace(id, $"{id[..7]}g", StringComparison.Ordinal), text.Replace(id, "", StringComparison.Ordinal),
            Of([1, .. publicKey]), Of(publicKey), Of(2), Of(), Of([2, .. publicKey, 0]), Of([2, .. publicKey[..^1]]),
            new string('x', NoteKey.MaximumLength) + text,
        ];
        Assert.That(wrong.Where(one => NoteKey.TryParse(one, out _)), Is.Empty);
    }

    [Test]
    public void An_ID_in_capitals_is_refused()
    {
        // An ID without letters looks the same in capitals.
        NoteKey? key;
        do
        {
            MakeKey();
            Assert.That(NoteKey.TryCreate(Name, publicKey, out key), Is.True);
        }
        while (!$"{key!.Id:x8}".Any(char.IsLetter));

        Assert.That(
            NoteKey.TryParse(key.Format().Replace($"{key.Id:x8}", $"{key.Id:X8}", StringComparison.Ordinal), out _), Is.False);
    }

    [Test]
    public void Only_a_point_on_P256_is_a_key()
    {
        using var larger = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var offCurve = publicKey.ToArray();
        offCurve[^1] ^= 1;
        Assert.Multiple(() =>
        {
            Assert.That(NoteKey.TryCreate(Name, larger.ExportSubjectPublicKeyInfo(), out _), Is.False);
            Assert.That(NoteKey.TryCreate(Name, offCurve, out _), Is.False);
            Assert.That(NoteKey.TryCreate(Name, [.. publicKey, 0], out _), Is.False);
            Assert.That(() => new LocalNoteSigner(Name, larger), Throws.ArgumentException);
        });
    }

    [TestCase("")]
    [TestCase("a b")]
    [TestCase("a+b")]
    [TestCase("a\nb")]
    [TestCase("a\u00a0b")]
    [TestCase("a\0b")]
    public void A_name_that_cannot_stand_in_a_note_is_refused(string name) =>
        Assert.That(NoteKey.TryCreate(name, publicKey, out _), Is.False);

    [Test]
    public void A_signature_of_any_bytes_is_judged_without_an_exception()
    {
        using var privateKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.That(NoteKey.TryCreate(Name, privateKey.ExportSubjectPublicKeyInfo(), out var key), Is.True);
        var random = TestContext.CurrentContext.Random;
        var signature = privateKey.SignData("text"u8, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        Assert.That(key!.HasSigned("text"u8, signature), Is.True);
        Assert.That(key.HasSigned("text"u8, []), Is.False);
        Assert.That(key.HasSigned("text"u8, new byte[100_000]), Is.False);
        for (var count = 0; count < 2_000; count++)
        {
            var changed = signature.ToArray();
            changed[random.Next(changed.Length)] ^= (byte)(1 << random.Next(8));
            Assert.That(key.HasSigned("text"u8, changed), Is.False, Convert.ToHexString(changed));
            Assert.That(key.HasSigned("text"u8, changed.AsSpan(..random.Next(changed.Length))), Is.False);
        }
    }
}
