using System.Security.Cryptography;
using System.Text;
using HipaaTemplate.Platform.Protection;
using HipaaTemplate.Platform.Protection.Ciphers;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Tests.Platform.Protection;

/// <summary>A sealed value opens in its own cell under its own key, and nothing else opens at all.</summary>
[TestFixture(CipherSuite.Xaes256Gcm)]
[TestFixture(CipherSuite.Aes256Gcm)]
[Hipaa(Citations.Encryption)]
[Hipaa(Citations.AuthenticateData)]
internal sealed class EnvelopeTests(CipherSuite suite)
{
    private const int KeyVersion = 7;
    private readonly byte[] key = RandomNumberGenerator.GetBytes(CipherSuites.KeyLength);
    private readonly PhiAddress address = NewAddress();

    [Test]
    public void What_is_sealed_opens_to_the_same_bytes([Values(0, 1, 11, 31, 32, 33, 4_096, Envelope.MaximumPlaintext)] int length, [Values(1, 32)] int bucket)
    {
        var plaintext = RandomNumberGenerator.GetBytes(length);
        Assert.That(Open(Seal(plaintext, bucket)), Is.EqualTo(plaintext));
    }

    [TestCase(new byte[] { 0 })]
    [TestCase(new byte[] { 0x80 })]
    [TestCase(new byte[] { 0x80, 0, 0 })]
    [TestCase(new byte[] { 1, 0, 0, 0x80 })]
    public void Bytes_that_look_like_padding_are_kept(byte[] plaintext) => Assert.Multiple(() =>
    {
        Assert.That(Open(Seal(plaintext, 1)), Is.EqualTo(plaintext));
        Assert.That(Open(Seal(plaintext, 32)), Is.EqualTo(plaintext));
    });

    [Test]
    public void More_than_a_field_holds_is_refused() => Assert.That(
        () => Seal(new byte[Envelope.MaximumPlaintext + 1], 1), Throws.ArgumentException);

    [Test]
    public void Values_of_a_small_domain_have_one_length()
    {
        var lengths = new[] { "", "f", "female", "a rather long word for a sex" }
            .Select(word => Seal(Encoding.UTF8.GetBytes(word), 32).Length);
        Assert.That(lengths.Distinct().Count(), Is.EqualTo(1));
    }

    [Test]
    public void The_same_value_is_never_the_same_envelope_twice()
    {
        var envelopes = Enumerable.Range(0, 1_000).Select(_ => Convert.ToHexString(Seal("Lindqvist"u8, 1)));
        Assert.That(envelopes.Distinct().Count(), Is.EqualTo(1_000));
    }

    [Test]
    public void With_any_bit_flipped_it_does_not_open()
    {
        for (var i = 0; i < 100; i++)
        {
            var envelope = Seal(RandomNumberGenerator.GetBytes(i % 40), i % 2 == 0 ? 1 : 32);
            for (var bit = 0; bit < 8 * envelope.Length; bit++)
            {
                envelope[bit / 8] ^= (byte)(1 << (bit % 8));
                ShouldNotOpen(envelope, key, KeyVersion, address, $"bit {bit}");
                envelope[bit / 8] ^= (byte)(1 << (bit % 8));
            }
        }
    }

    [Test]
    public void Of_any_other_length_it_does_not_open()
    {
        var envelope = Seal("Lindqvist"u8, 1);
        for (var length = 0; length < envelope.Length; length++)
        {
            ShouldNotOpen(envelope.AsSpan(..length), key, KeyVersion, address, $"{length} bytes");
        }

        ShouldNotOpen([.. envelope, 0], key, KeyVersion, address, "one more");
        ShouldNotOpen([0, .. envelope], key, KeyVersion, address, "one more in front");
    }

    [Test]
    public void In_any_other_cell_it_does_not_open()
    {
        var envelope = Seal("Lindqvist"u8, 1);
        foreach (var other in new[]
        {
            address with { Row = Guid.CreateVersion7() },
            address with { Column = address.Column + 1 },
            address with { Table = address.Table + 1 },
            address with { Tenant = TenantId.From(Guid.CreateVersion7()) },
            address with { Table = address.Column, Column = address.Table },
        })
        {
            ShouldNotOpen(envelope, key, KeyVersion, other, other.ToString());
        }
    }

    [Test]
    public void Under_another_version_or_key_it_does_not_open()
    {
        var envelope = Seal("Lindqvist"u8, 1);
        ShouldNotOpen(envelope, key, KeyVersion + 1, address, "asked for as another version");
        ShouldNotOpen(envelope, RandomNumberGenerator.GetBytes(CipherSuites.KeyLength), KeyVersion, address, "another key");

        // A DBA who writes the number of today's version on a value of yesterday's.
        envelope[5]++;
        ShouldNotOpen(envelope, key, KeyVersion + 1, address, "relabelled");
    }

    [Test]
    public void A_value_of_one_suite_does_not_pass_for_the_others()
    {
        var envelope = Seal(RandomNumberGenerator.GetBytes(64), 1);
        envelope[1] = (byte)(suite == CipherSuite.Xaes256Gcm ? CipherSuite.Aes256Gcm : CipherSuite.Xaes256Gcm);
        ShouldNotOpen(envelope, key, KeyVersion, address, "the other suite");
    }

    [Test]
    public void A_million_blobs_of_chance_do_not_open()
    {
        var random = new Random(20261124);
        var blob = new byte[200];
        for (var i = 0; i < 1_000_000; i++)
        {
            var length = random.Next(blob.Length);
            random.NextBytes(blob.AsSpan(..length));
            if (i % 2 == 0 && length > 6)
            {
                // With a header that is right, else hardly one would come past it.
                Envelope.Seal(suite, key, KeyVersion, address, [])[..6].CopyTo(blob, 0);
            }

            ShouldNotOpen(blob.AsSpan(..length), key, KeyVersion, address, "chance");
        }
    }

    private static PhiAddress NewAddress() => new(TenantId.From(Guid.CreateVersion7()), 3, 5, Guid.CreateVersion7());

    private static void ShouldNotOpen(
        ReadOnlySpan<byte> envelope, byte[] key, int version, PhiAddress address, string what)
    {
        try
        {
            Envelope.Open(envelope, key, version, address, plaintext => plaintext.Length);
        }
        catch (PhiAuthenticationException e) when (e.Address == address)
        {
            return;
        }

        Assert.Fail($"It opened: {what}");
    }

    private byte[] Seal(ReadOnlySpan<byte> plaintext, int bucket) =>
        Envelope.Seal(suite, key, KeyVersion, address, plaintext, bucket);

    private byte[] Open(byte[] envelope) => Envelope.Open(envelope, key, KeyVersion, address, plaintext => plaintext.ToArray());
}
