using FsCheck;
using FsCheck.Fluent;
using HipaaTemplate.Platform.Protection;
using HipaaTemplate.Platform.Protection.Ciphers;
using HipaaTemplate.Platform.Tenancy;

namespace HipaaTemplate.Tests.Platform.Protection;

/// <summary>
/// What holds for every value, cell, key, version, suite and padding, not only for those that somebody thought
/// of. A failure names the seed that repeats it.
/// </summary>
internal sealed class EnvelopePropertyTests
{
    private const int Cases = 3_000;

    private static readonly Gen<byte[]> Keys = Bytes(CipherSuites.KeyLength);

    /// <summary>Mostly short, some past what is kept on the stack; with bytes that look like padding more often than by chance.</summary>
    private static readonly Gen<byte[]> Plaintexts =
        from length in Gen.Frequency((6, Gen.Choose(0, 70)), (2, Gen.Choose(480, 540)), (1, Gen.Choose(541, 6_000)))
        from bytes in Bytes(length)
        from tail in Gen.Elements<byte[]>([], [0x80], [0x80, 0], [0, 0], [0])
        select (byte[])[.. bytes, .. tail];

    /// <summary>Of few values each, so that two cells often differ in one part only.</summary>
    private static readonly Gen<PhiAddress> Addresses =
        from tenant in Gen.Choose(1, 3)
        from table in Gen.Elements(1, 2, 256, int.MaxValue)
        from column in Gen.Elements(1, 2, 256, int.MaxValue)
        from row in Gen.Choose(0, 2)
        select new PhiAddress(TenantId.From(Id(tenant)), table, column, Id(row));

    private static readonly Gen<Sealed> Values =
        from suite in Gen.Elements(CipherSuite.Xaes256Gcm, CipherSuite.Aes256Gcm)
        from key in Keys
        from version in Gen.Elements(1, 2, 255, 256, 65_536, int.MaxValue)
        from address in Addresses
        from plaintext in Plaintexts
        from bucket in Gen.Elements(1, 2, 7, 32, 256)
        select new Sealed(suite, key, version, address, plaintext, bucket);

    [Test]
    public void A_value_opens_to_itself() => Holds(Values, value => value.Open(value.Envelope)!.SequenceEqual(value.Plaintext));

    [Test]
    public void A_value_tells_no_more_of_its_length_than_its_bucket() => Holds(
        from value in Values from other in Plaintexts select (value, other),
        pair => pair.value.Plaintext.Length / pair.value.Bucket != pair.other.Length / pair.value.Bucket
            || pair.value.Envelope.Length == (pair.value with { Plaintext = pair.other }).Envelope.Length);

    [Test]
    public void With_one_bit_flipped_nothing_opens() => Holds(
        from value in Values from place in Gen.Choose(0, int.MaxValue) select (value, place),
        pair =>
        {
            var changed = pair.value.Envelope;
            var bit = pair.place % (8 * changed.Length);
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            return pair.value.Open(changed) is null;
        });

    [Test]
    public void With_bytes_missing_or_added_nothing_opens() => Holds(
        from value in Values from place in Gen.Choose(0, int.MaxValue) from more in Gen.Choose(1, 40).SelectMany(Bytes) select (value, place, more),
        one =>
        {
            var envelope = one.value.Envelope;
            var at = one.place % envelope.Length;
            return one.value.Open(envelope[..at]) is null && one.value.Open(envelope[(at + 1)..]) is null
                && one.value.Open([.. envelope[..at], .. envelope[(at + 1)..]]) is null
                && one.value.Open([.. envelope[..at], .. one.more, .. envelope[at..]]) is null
                && one.value.Open([.. envelope, .. one.more]) is null;
        });

    /// <summary>Under one key, as two rows of a patient or two columns of a careless derivation would be.</summary>
    [Test]
    public void Of_two_cells_neither_opens_the_others_value() => Holds(
        from value in Values from address in Addresses from plaintext in Plaintexts select (value, address, plaintext),
        one =>
        {
            var other = one.value with { Address = one.address, Plaintext = one.plaintext };
            return other.Address == one.value.Address || other.Open(one.value.Envelope) is null && one.value.Open(other.Envelope) is null;
        });

    [Test]
    public void As_any_other_version_nothing_opens() => Holds(
        from value in Values from version in Gen.Choose(1, int.MaxValue) select (value, version),
        pair =>
        {
            var other = pair.value with { Version = pair.version };
            var relabelled = pair.value.Envelope;
            other.Envelope.AsSpan(..6).CopyTo(relabelled);
            return pair.version == pair.value.Version
                || other.Open(pair.value.Envelope) is null && other.Open(relabelled) is null && pair.value.Open(relabelled) is null;
        });

    [Test]
    public void Under_any_other_key_nothing_opens() => Holds(
        from value in Values from bit in Gen.Choose(0, (8 * CipherSuites.KeyLength) - 1) select (value, bit),
        pair =>
        {
            var key = pair.value.Key.ToArray();
            key[pair.bit / 8] ^= (byte)(1 << (pair.bit % 8));
            return (pair.value with { Key = key }).Open(pair.value.Envelope) is null;
        });

    private static void Holds<T>(Gen<T> cases, Func<T, bool> property) =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(Cases), Prop.ForAll(cases.ToArbitrary(), property));

    private static Gen<byte[]> Bytes(int length) => Gen.Choose(0, 255).Select(value => (byte)value).ArrayOf(length);

    private static Guid Id(int number) => new($"00000000-0000-7000-8000-{number:x12}");

    private sealed record Sealed(CipherSuite Suite, byte[] Key, int Version, PhiAddress Address, byte[] Plaintext, int Bucket)
    {
        /// <summary>A new one each time.</summary>
        public byte[] Envelope => HipaaTemplate.Platform.Protection.Envelope.Seal(Suite, Key, Version, Address, Plaintext, Bucket);

        /// <returns>Null when it is refused, in the one way that it may be.</returns>
        public byte[]? Open(byte[] envelope)
        {
            try
            {
                return HipaaTemplate.Platform.Protection.Envelope.Open(envelope, Key, Version, Address, plaintext => plaintext.ToArray());
            }
            catch (PhiAuthenticationException e) when (e.Address == Address)
            {
                return null;
            }
        }
    }
}
