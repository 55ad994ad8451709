using System.Numerics;

namespace HipaaTemplate.Platform.Authentication.Keys;

/// <summary>
/// Recognises RSA keys made by the flawed generator of CVE-2017-15361 (ROCA), whose private half can be
/// computed. Modulo each small prime such a modulus is a power of 65537 (Nemec et al., "The Return of
/// Coppersmith's Attack", CCS 2017, §3.1); another key is one modulo all of these with probability 2^-28.
/// </summary>
internal static class RocaFingerprint
{
    private const int Generator = 65537;

    private static readonly int[] Primes =
    [
        3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109,
        113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
    ];

    private static readonly (int Prime, HashSet<int> Powers)[] Residues =
        [.. Primes.Select(prime => (prime, PowersModulo(prime)))];

    public static bool Matches(ReadOnlySpan<byte> modulus)
    {
        var number = new BigInteger(modulus, isUnsigned: true, isBigEndian: true);
        return Array.TrueForAll(Residues, residue => residue.Powers.Contains((int)(number % residue.Prime)));
    }

    private static HashSet<int> PowersModulo(int prime)
    {
        HashSet<int> powers = [];
        for (var power = 1; powers.Add(power); power = power * (Generator % prime) % prime)
        {
        }

        return powers;
    }
}
