using System.Buffers.Text;
using System.Numerics;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using HipaaTemplate.Platform.Authentication.Keys;
using Microsoft.IdentityModel.Tokens;

namespace HipaaTemplate.Tests.Platform.Authentication.Vectors;

/// <summary>Which keys are fit to check a signature with; every other one is as if it had not been published.</summary>
internal sealed class SigningKeyTests
{
    private static readonly byte[] Message = [1, 2, 3];

    private static readonly JsonObject Rsa = Jwk.Rsa(Jwk.ModulusOf(2048));

    private static readonly (string Curve, ECCurve Named, int Length)[] Curves =
    [
        ("P-256", ECCurve.NamedCurves.nistP256, 32), ("P-384", ECCurve.NamedCurves.nistP384, 48),
        ("P-521", ECCurve.NamedCurves.nistP521, 66),
    ];

    [TestCase(1024, false)]
    [TestCase(2040, false)]
    [TestCase(2047, false)]
    [TestCase(2048, true)]
    [TestCase(2049, true)]
    [TestCase(3072, true)]
    [TestCase(8192, true)]
    [TestCase(8193, false)]
    [TestCase(16384, false)]
    public void RSA_has_2048_to_8192_bits(int bits, bool isFit) =>
        Assert.That(Jwk.Rsa(Jwk.ModulusOf(bits)).Read(), isFit ? Is.Not.Null : Is.Null);

    [Test]
    public void A_short_modulus_does_not_become_long_by_zeros_in_front() => Assert.That(
        Jwk.Rsa([.. new byte[128], .. Jwk.ModulusOf(1024)]).Read(), Is.Null);

    [Test]
    public void Zeros_in_front_change_nothing()
    {
        using var rsa = RSA.Create(2048);
        var plain = rsa.ExportParameters(includePrivateParameters: false);
        var padded = Jwk.Rsa([0, 0, .. plain.Modulus!], [0, .. plain.Exponent!]).Read();
        var signature = rsa.SignData(Message, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);

        Assert.That(padded!.Thumbprint, Is.EqualTo(Jwk.Of(rsa).Read()!.Thumbprint));
        Assert.That(Verifies(padded, "RS256", signature), Is.True);
    }

    [Test]
    public void An_even_modulus_is_refused()
    {
        var modulus = Jwk.ModulusOf(2048);
        modulus[^1] ^= 1;

        Assert.That(Jwk.Rsa(modulus).Read(), Is.Null);
    }

    [TestCase("01", false)]
    [TestCase("000001", false)]
    [TestCase("00", false)]
    [TestCase("", false)]
    [TestCase("02", false)]
    [TestCase("010000", false)]
    [TestCase("03", true)]
    [TestCase("010001", true)]
    [TestCase("FFFFFFFFFFFFFFFF", true)]
    [TestCase("010000000000000001", false)]
    public void The_exponent_is_odd_more_than_1_and_short(string hex, bool isFit) => Assert.That(
        Jwk.Rsa(Jwk.ModulusOf(2048), Convert.FromHexString(hex)).Read(), isFit ? Is.Not.Null : Is.Null);

    [TestCase("n")]
    [TestCase("e")]
    public void A_number_that_is_missing_or_not_base64url_is_refused(string member)
    {
        var text = (string)Rsa[member]!;

        Assert.That(Rsa.Without(member).Read(), Is.Null);
        Assert.That(Rsa.With(member, 65537).Read(), Is.Null);
        Assert.That(Rsa.With(member, text + "=").Read(), Is.Null);
        Assert.That(Rsa.With(member, " " + text).Read(), Is.Null);
        Assert.That(Rsa.With(member, text[..1] + "+" + text[2..]).Read(), Is.Null);
    }

    [TestCase("d")]
    [TestCase("p")]
    [TestCase("q")]
    [TestCase("dp")]
    [TestCase("dq")]
    [TestCase("qi")]
    [TestCase("oth")]
    [TestCase("k")]
    public void A_key_with_a_private_member_is_refused_whatever_its_value(string member)
    {
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        foreach (var key in new[] { Rsa, Jwk.Of(ec, "P-256") })
        {
            Assert.That(key.Read(), Is.Not.Null);
            Assert.That(key.With(member, "AQAB").Read(), Is.Null);
            Assert.That(key.With(member, "").Read(), Is.Null);
            Assert.That(key.With(member, null).Read(), Is.Null);
        }
    }

    [TestCase("use", "\"sig\"", true)]
    [TestCase("use", "\"enc\"", false)]
    [TestCase("use", "\"SIG\"", false)]
    [TestCase("use", "\"\"", false)]
    [TestCase("use", "null", false)]
    [TestCase("use", "[\"sig\"]", false)]
    [TestCase("key_ops", "[\"verify\"]", true)]
    [TestCase("key_ops", "[\"sign\",\"verify\"]", true)]
    [TestCase("key_ops", "[\"encrypt\"]", false)]
    [TestCase("key_ops", "[\"sign\"]", false)]
    [TestCase("key_ops", "[]", false)]
    [TestCase("key_ops", "{\"verify\":1}", false)]
    [TestCase("key_ops", "null", false)]
    [TestCase("kid", "\"a\"", true)]
    [TestCase("kid", "1", false)]
    [TestCase("kid", "null", false)]
    [TestCase("kid", "[\"a\"]", false)]
    [TestCase("alg", "\"RS256\"", true)]
    [TestCase("alg", "256", false)]
    [TestCase("alg", "null", false)]
    [TestCase("kty", "\"rsa\"", false)]
    [TestCase("kty", "\"EC\"", false)]
    [TestCase("kty", "\"oct\"", false)]
    [TestCase("kty", "\"OKP\"", false)]
    [TestCase("kty", "\"\"", false)]
    [TestCase("kty", "1", false)]
    [TestCase("x5c", "[\"ignored\"]", true)]
    public void What_a_key_says_of_itself_counts(string member, string value, bool isFit) =>
        Assert.That(Rsa.With(member, JsonNode.Parse(value)).Read(), isFit ? Is.Not.Null : Is.Null);

    [Test]
    public void A_key_without_a_type_and_a_secret_are_refused()
    {
        Assert.That(Rsa.Without("kty").Read(), Is.Null);
        Assert.That(new JsonObject { ["kty"] = "oct", ["k"] = Base64Url.EncodeToString(new byte[32]) }.Read(), Is.Null);
        Assert.That(new JsonObject { ["kty"] = "oct" }.Read(), Is.Null);
    }

    [Test]
    public void A_point_belongs_to_its_curve_and_has_its_length()
    {
        foreach (var (curve, named, length) in Curves)
        {
            using var key = ECDsa.Create(named);
            var q = key.ExportParameters(includePrivateParameters: false).Q;
            var (x, y) = (q.X!, q.Y!);
            byte[] wrong = [.. y[..^1], (byte)(y[^1] ^ 1)];
            JsonObject[] refused =
            [
                Jwk.Ec(curve, x, wrong),
                Jwk.Ec(curve, y, x),
                Jwk.Ec(curve, new byte[length], new byte[length]),
                Jwk.Ec(curve, [.. Enumerable.Repeat((byte)0xFF, length)], y),
                Jwk.Ec(curve, x[1..], y),
                Jwk.Ec(curve, x, y[..^1]),
                Jwk.Ec(curve, [0, .. x], y),
                Jwk.Ec(curve, x, [0, .. y]),
                Jwk.Ec(curve, [], []),
                Jwk.Of(key, curve).Without("x"),
                Jwk.Of(key, curve).Without("y"),
                Jwk.Of(key, curve).Without("crv"),
                Jwk.Of(key, curve).With("crv", "secp256k1"),
                Jwk.Of(key, curve).With("crv", "Ed25519"),
                Jwk.Of(key, curve).With("crv", curve.ToLowerInvariant()),
                .. Curves.Where(other => other.Curve != curve).Select(other => Jwk.Of(key, curve).With("crv", other.Curve)),
            ];

            Assert.That(Jwk.Of(key, curve).Read(), Is.Not.Null, curve);
            for (var i = 0; i < refused.Length; i++)
            {
                Assert.That(refused[i].Read(), Is.Null, $"{curve}, {i}");
            }
        }
    }

    [Test]
    public void A_coordinate_has_one_value()
    {
        // P-521 leaves room for a second spelling of the same point, which would have a thumbprint of its own.
        var prime = BigInteger.Pow(2, 521) - 1;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP521);
        var q = key.ExportParameters(includePrivateParameters: false).Q;
        var x = new BigInteger(q.X, isUnsigned: true, isBigEndian: true);
        var more = (x + prime).ToByteArray(isUnsigned: true, isBigEndian: true);

        Assert.That(more, Has.Length.EqualTo(66));
        Assert.That(Jwk.Ec("P-521", more, q.Y!).Read(), Is.Null);
    }

    [Test]
    public void The_thumbprint_is_that_of_RFC_7638()
    {
        // The key and the value that §3.1 prints.
        var key = new JsonObject
        {
            ["kty"] = "RSA",
            ["n"] = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_"
                + "BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_"
                + "FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-"
                + "bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
            ["e"] = "AQAB",
            ["alg"] = "RS256",
            ["kid"] = "2011-04-29",
        };

        Assert.That(key.Read()!.Thumbprint, Is.EqualTo("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"));
    }

    [Test]
    public void The_thumbprint_is_the_one_that_the_framework_computes()
    {
        List<JsonObject> keys = [Rsa, Jwk.Rsa(Jwk.ModulusOf(3072), [3])];
        foreach (var (curve, named, _) in Curves)
        {
            using var key = ECDsa.Create(named);
            keys.Add(Jwk.Of(key, curve).With("kid", "a").With("use", "sig"));
        }

        foreach (var key in keys)
        {
            var expected = Base64Url.EncodeToString(new JsonWebKey(key.ToJsonString()).ComputeJwkThumbprint());
            Assert.That(key.Read()!.Thumbprint, Is.EqualTo(expected));
        }
    }

    [Test]
    public void A_key_fits_the_algorithms_of_its_kind_or_the_one_that_it_names()
    {
        string[] rsa = ["PS256", "PS384", "PS512", "RS256", "RS384", "RS512"];
        ShouldFit(Rsa, rsa);
        foreach (var name in rsa)
        {
            ShouldFit(Rsa.With("alg", name), name);
        }

        ShouldFit(Rsa.With("alg", "RSA-OAEP"));
        ShouldFit(Rsa.With("alg", "rs256"));
        foreach (var (curve, named, _) in Curves)
        {
            using var key = ECDsa.Create(named);
            var name = curve switch { "P-256" => "ES256", "P-384" => "ES384", _ => "ES512" };
            ShouldFit(Jwk.Of(key, curve), name);
            ShouldFit(Jwk.Of(key, curve).With("alg", name), name);
            ShouldFit(Jwk.Of(key, curve).With("alg", "ES257"));
        }

        Assert.That(SignatureAlgorithm.Names, Is.EqualTo(new[] { "ES256", "ES384", "ES512" }.Concat(rsa)));
    }

    [Test]
    public void A_signature_is_checked_with_the_algorithm_of_the_token_and_only_where_the_key_fits()
    {
        using var rsa = RSA.Create(2048);
        var signatures = SignatureAlgorithm.Names.Select(name => SignatureAlgorithm.Find(name)!)
            .Where(algorithm => algorithm.IsRsa)
            .ToDictionary(algorithm => algorithm.Name, algorithm => rsa.SignData(Message, algorithm.Hash, algorithm.Padding!));
        foreach (var (signed, signature) in signatures)
        {
            foreach (var asked in signatures.Keys)
            {
                Assert.That(Verifies(Jwk.Of(rsa).Read()!, asked, signature), Is.EqualTo(asked == signed), $"{signed} as {asked}");
                Assert.That(Verifies(Jwk.Of(rsa).With("alg", "PS256").Read()!, asked, signature),
                    Is.EqualTo(asked == signed && asked == "PS256"), $"{signed} as {asked} under a key for PS256");
            }
        }

        Assert.That(SignatureAlgorithm.Find("none"), Is.Null);
        Assert.That(SignatureAlgorithm.Find("HS256"), Is.Null);
        Assert.That(SignatureAlgorithm.Find("rs256"), Is.Null);
    }

    [Test]
    public void An_EC_signature_has_both_numbers_at_full_length_and_is_not_DER()
    {
        foreach (var (curve, named, length) in Curves)
        {
            using var ec = ECDsa.Create(named);
            var key = Jwk.Of(ec, curve).Read()!;
            var algorithm = AlgorithmOf(curve);
            var signature = ec.SignData(Message, algorithm.Hash, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
            var der = ec.SignData(Message, algorithm.Hash, DSASignatureFormat.Rfc3279DerSequence);

            Assert.That(signature, Has.Length.EqualTo(2 * length));
            Assert.That(Verifies(key, algorithm.Name, signature), Is.True);
            Assert.That(Verifies(key, algorithm.Name, der), Is.False);
            Assert.That(Verifies(key, algorithm.Name, [0, .. signature[..length], 0, .. signature[length..]]), Is.False);
        }
    }

    [Test]
    public void A_signature_of_any_length_is_wrong_and_no_error()
    {
        using var rsa = RSA.Create(2048);
        List<(SigningKey Key, string Algorithm)> keys =
        [
            (Jwk.Of(rsa).Read()!, "RS256"), (Jwk.Of(rsa).Read()!, "PS512"),
            // The strangest that are let in.
            (Jwk.Rsa(Jwk.ModulusOf(2049), [3]).Read()!, "PS256"),
            (Jwk.Rsa(Jwk.ModulusOf(8192), [.. Enumerable.Repeat((byte)0xFF, 8)]).Read()!, "RS256"),
            (Jwk.Rsa(Jwk.ModulusOf(8192), [.. Enumerable.Repeat((byte)0xFF, 8)]).Read()!, "PS256"),
        ];
        foreach (var (curve, named, _) in Curves)
        {
            using var ec = ECDsa.Create(named);
            keys.Add((Jwk.Of(ec, curve).Read()!, AlgorithmOf(curve).Name));
        }

        int[] lengths = [0, 1, 2, 31, 63, 64, 65, 70, 96, 97, 131, 132, 133, 255, 256, 257, 1023, 1024, 1025, 5_000];
        foreach (var (key, algorithm) in keys)
        {
            foreach (var length in lengths)
            {
                byte[][] signatures =
                    [new byte[length], [.. Enumerable.Repeat((byte)0xFF, length)], RandomNumberGenerator.GetBytes(length)];
                Assert.That(signatures.Where(one => Verifies(key, algorithm, one)), Is.Empty, $"{algorithm}, {length} bytes");
            }
        }
    }

    private static void ShouldFit(JsonObject key, params string[] algorithms) => Assert.That(
        SignatureAlgorithm.Names.Where(name => key.Read()!.Fits(SignatureAlgorithm.Find(name)!)), Is.EqualTo(algorithms));

    private static SignatureAlgorithm AlgorithmOf(string curve) =>
        SignatureAlgorithm.Names.Select(name => SignatureAlgorithm.Find(name)!).Single(one => one.CurveName == curve);

    private static bool Verifies(SigningKey key, string algorithm, byte[] signature) =>
        key.Verify(SignatureAlgorithm.Find(algorithm)!, Message, signature);
}
