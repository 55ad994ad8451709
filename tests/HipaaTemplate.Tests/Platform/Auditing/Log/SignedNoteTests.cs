using System.Security.Cryptography;
using System.Text;
using HipaaTemplate.Platform.Auditing.Log;

namespace HipaaTemplate.Tests.Platform.Auditing.Log;

/// <summary>Who signed a note, and what becomes of it when somebody changes it.</summary>
internal sealed class SignedNoteTests
{
    private const string Name = "clinic.example/log";
    private const string Text = "clinic.example/log\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\nand — more\n";

    private readonly ECDsa privateKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ECDsa otherPrivateKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private LocalNoteSigner signer = null!;
    private LocalNoteSigner other = null!;

    [OneTimeSetUp]
    public void MakeSigners()
    {
        signer = new LocalNoteSigner(Name, privateKey);
        other = new LocalNoteSigner(Name, otherPrivateKey);
    }

    [OneTimeTearDown]
    public void DisposeKeys()
    {
        privateKey.Dispose();
        otherPrivateKey.Dispose();
    }

    [Test]
    public async Task A_note_is_verified_by_each_key_that_signed_it_and_by_no_other()
    {
        var note = Read((await SignAsync(signer, other)).Format());
        var stranger = new LocalNoteSigner("another.example", privateKey);
        Assert.Multiple(() =>
        {
            Assert.That(note.Text, Is.EqualTo(Text));
            Assert.That(note.Signatures, Has.Count.EqualTo(2));
            Assert.That(note.Verify([signer.Key]), Is.EqualTo(NoteVerdict.Verified));
            Assert.That(note.Verify([other.Key]), Is.EqualTo(NoteVerdict.Verified));
            Assert.That(note.Verify([signer.Key, other.Key, stranger.Key]), Is.EqualTo(NoteVerdict.Verified));
            Assert.That(note.Verify([stranger.Key]), Is.EqualTo(NoteVerdict.Unsigned), "the same ID under another name");
            Assert.That(note.Verify([]), Is.EqualTo(NoteVerdict.Unsigned));
        });
        Assert.That((await SignAsync(signer)).Verify([other.Key]), Is.EqualTo(NoteVerdict.Unsigned), "the same name and another ID");
    }

    [Test]
    public async Task A_false_signature_by_a_known_key_spoils_a_good_one()
    {
        var lines = Lines(await SignAsync(signer));
        var forged = new NoteSignature(Name, signer.Key.Id, Encoding.ASCII.GetBytes("no signature")).Format();
        Assert.Multiple(() =>
        {
            Assert.That(Read($"{lines}{forged}\n").Verify([signer.Key]), Is.EqualTo(NoteVerdict.Forged));
            Assert.That(Read($"{Text}\n{forged}\n").Verify([signer.Key]), Is.EqualTo(NoteVerdict.Forged));
            Assert.That(Read($"{lines}{forged}\n").Verify([other.Key]), Is.EqualTo(NoteVerdict.Unsigned));
        });
    }

    [Test]
    public async Task With_any_byte_of_the_text_changed_no_note_verifies()
    {
        var genuine = (await SignAsync(signer)).Format();
        var verdicts = new Dictionary<string, int>();
        for (var bit = 0; bit < 8 * genuine.Length; bit++)
        {
            var changed = genuine.ToArray();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Count(changed);
        }

        for (var at = 0; at <= genuine.Length; at++)
        {
            Count(genuine[..at]);
            Count([.. genuine[..at], .. genuine.Skip(at + 1)]);
            Count([.. genuine[..at], (byte)'\n', .. genuine[at..]]);
            Count([.. genuine[..at], .. genuine[at..], .. genuine[at..]]);
        }

        void Count(byte[] changed)
        {
            var verdict = SignedNote.TryParse(changed, out var note) ? note.Verify([signer.Key]).ToString() : "refused";
            verdicts[verdict] = verdicts.GetValueOrDefault(verdict) + 1;
            if (note is not null)
            {
                Assert.That(note.Format(), Is.EqualTo(changed));
                Assert.That(note.Text == Text || note.Verify([signer.Key]) != NoteVerdict.Verified, Is.True, "a changed text");
            }
        }

        TestContext.Progress.WriteLine($"Mutants of a note: {string.Join(", ", verdicts.Select(pair => $"{pair.Value} {pair.Key}"))}");
        Assert.That(verdicts.Keys, Is.SupersetOf(new[] { "refused", "Unsigned", "Forged" }));
    }

    [TestCase("", TestName = "no bytes")]
    [TestCase("text\n", TestName = "no signatures")]
    [TestCase("text\n\n", TestName = "nothing under the empty line")]
    [TestCase("text\n— k AAAAAAA=\n", TestName = "no empty line")]
    [TestCase("text\n\n— k AAAAAAA=", TestName = "no newline after the signature")]
    [TestCase("text\n\n- k AAAAAAA=\n", TestName = "a hyphen")]
    [TestCase("text\n\n—k AAAAAAA=\n", TestName = "no space before the name")]
    [TestCase("text\n\n—  AAAAAAA=\n", TestName = "no name")]
    [TestCase("text\n\n— k  AAAAAAA=\n", TestName = "two spaces")]
    [TestCase("text\n\n— k AAAAAAA= \n", TestName = "a space at the end of the line")]
    [TestCase("text\n\n— k+l AAAAAAA=\n", TestName = "a plus in the name")]
    [TestCase("text\n\n— k\u2003l AAAAAAA=\n", TestName = "a wide space in the name")]
    [TestCase("text\n\n— k AAAAAA==\n", TestName = "a key ID alone")]
    [TestCase("text\n\n— k AAAAAAB=\n", TestName = "bits left over in the signature")]
    [TestCase("text\n\n— k AAAAAAA\n", TestName = "no padding of the signature")]
    [TestCase("te\rxt\n\n— k AAAAAAA=\n", TestName = "a carriage return in the text")]
    [TestCase("te\0xt\n\n— k AAAAAAA=\n", TestName = "a NUL in the text")]
    [TestCase("text\n\n— k AAAAAAA=\nmore\n", TestName = "something under the signatures")]
    public void What_is_no_note_is_refused(string text) => Assert.That(SignedNote.TryParse(Encoding.UTF8.GetBytes(text), out _), Is.False);

    [Test]
    public void What_is_no_UTF8_is_refused() => Assert.That(SignedNote.TryParse([0xff, .. "\n\n— k AAAAAAA=\n"u8], out _), Is.False);

    [Test]
    public void A_note_has_bounds()
    {
        const string line = "— k AAAAAAA=\n";
        var most = string.Concat(Enumerable.Repeat(line, SignedNote.MaximumSignatures));
        var tail = Encoding.UTF8.GetBytes($"\n\n{line}");
        byte[] Long(int length) => [.. Enumerable.Repeat((byte)'x', length - tail.Length), .. tail];
        Assert.Multiple(() =>
        {
            Assert.That(Read($"text\n\n{most}").Signatures, Has.Count.EqualTo(SignedNote.MaximumSignatures));
            Assert.That(SignedNote.TryParse(Encoding.UTF8.GetBytes($"text\n\n{most}{line}"), out _), Is.False);
            Assert.That(SignedNote.TryParse(Long(SignedNote.MaximumLength), out _), Is.True);
            Assert.That(SignedNote.TryParse(Long(SignedNote.MaximumLength + 1), out _), Is.False);
        });
    }

    [Test]
    public void What_would_be_no_note_is_not_signed() => Assert.Multiple(() =>
    {
        Assert.That(async () => await SignedNote.SignAsync("text", [signer], default), Throws.ArgumentException);
        Assert.That(async () => await SignedNote.SignAsync("te\rxt\n", [signer], default), Throws.ArgumentException);
        Assert.That(async () => await SignedNote.SignAsync("\ud800\n", [signer], default), Throws.ArgumentException);
        Assert.That(async () => await SignedNote.SignAsync(Text, [], default), Throws.ArgumentException);
        Assert.That(
            async () => await SignedNote.SignAsync($"{new string('x', SignedNote.MaximumLength - 1)}\n", [signer], default),
            Throws.ArgumentException);
        Assert.That(
            async () => await SignedNote.SignAsync(Text, [new Misnamed(signer, other.Key)], default),
            Throws.InstanceOf<CryptographicException>());
    });

    private static SignedNote Read(string text) => Read(Encoding.UTF8.GetBytes(text));

    private static SignedNote Read(byte[] bytes)
    {
        Assert.That(SignedNote.TryParse(bytes, out var note), Is.True);
        return note!;
    }

    private static string Lines(SignedNote note) => Encoding.UTF8.GetString(note.Format());

    private static ValueTask<SignedNote> SignAsync(params INoteSigner[] signers) => SignedNote.SignAsync(Text, signers, default);

    /// <summary>A key service in which the name has come to mean another key.</summary>
    private sealed class Misnamed(INoteSigner signer, NoteKey key) : INoteSigner
    {
        public NoteKey Key => key;

        public ValueTask<byte[]> SignAsync(ReadOnlyMemory<byte> text, CancellationToken cancellationToken) =>
            signer.SignAsync(text, cancellationToken);
    }
}
