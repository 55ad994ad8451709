using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Security.Cryptography;
using AesInstructions = System.Runtime.Intrinsics.X86.Aes;
using Sse2 = System.Runtime.Intrinsics.X86.Sse2;

namespace HipaaTemplate.Platform.Protection.Ciphers;

/// <summary>
/// AES-256 on single blocks (FIPS 197), which XAES needs three of for each value. With the processor's
/// instructions, which take no table and so no secret-dependent time; the platform's own where there are
/// none. Calling the platform for three blocks costs more than all the rest of sealing a name.
/// </summary>
internal ref struct AesBlocks : IDisposable
{
    public const int BlockLength = 16;
    private const int Rounds = 14;

    private readonly Aes? platform;
    private RoundKeys roundKeys;

    public AesBlocks(ReadOnlySpan<byte> key)
        : this(key, AesInstructions.IsSupported)
    {
    }

    /// <param name="key">32 bytes.</param>
    /// <param name="useInstructions">False in the test that compares both ways.</param>
    public AesBlocks(ReadOnlySpan<byte> key, bool useInstructions)
    {
        if (useInstructions)
        {
            Expand(key, ref roundKeys);
        }
        else
        {
            platform = Aes.Create();
            platform.SetKey(key);
        }
    }

    /// <summary>In place; whole blocks, each by itself (ECB).</summary>
    public void Encrypt(scoped Span<byte> blocks)
    {
        if (platform is not null)
        {
            platform.EncryptEcb(blocks, blocks, PaddingMode.None);
            return;
        }

        foreach (ref var block in MemoryMarshal.Cast<byte, Vector128<byte>>(blocks))
        {
            var state = Sse2.Xor(block, roundKeys[0]);
            for (var round = 1; round < Rounds; round++)
            {
                state = AesInstructions.Encrypt(state, roundKeys[round]);
            }

            block = AesInstructions.EncryptLast(state, roundKeys[Rounds]);
        }
    }

    public void Dispose()
    {
        platform?.Dispose();
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes((Span<Vector128<byte>>)roundKeys));
    }

    /// <summary>FIPS 197 §5.2; the instruction wants its constant written out.</summary>
    private static void Expand(ReadOnlySpan<byte> key, ref RoundKeys keys)
    {
        keys[0] = Vector128.Create(key[..BlockLength]);
        keys[1] = Vector128.Create(key[BlockLength..]);
        Next(ref keys, 2, AesInstructions.KeygenAssist(keys[1], 0x01));
        Next(ref keys, 4, AesInstructions.KeygenAssist(keys[3], 0x02));
        Next(ref keys, 6, AesInstructions.KeygenAssist(keys[5], 0x04));
        Next(ref keys, 8, AesInstructions.KeygenAssist(keys[7], 0x08));
        Next(ref keys, 10, AesInstructions.KeygenAssist(keys[9], 0x10));
        Next(ref keys, 12, AesInstructions.KeygenAssist(keys[11], 0x20));
        keys[14] = Mix(keys[12], Rotated(AesInstructions.KeygenAssist(keys[13], 0x40)));
    }

    private static void Next(ref RoundKeys keys, int at, Vector128<byte> assist)
    {
        keys[at] = Mix(keys[at - 2], Rotated(assist));
        keys[at + 1] = Mix(keys[at - 1], Substituted(AesInstructions.KeygenAssist(keys[at], 0)));
    }

    // RotWord(SubWord(w)) with the round constant, and SubWord(w): the last and the third word of the assist.
    private static Vector128<byte> Rotated(Vector128<byte> assist) => Sse2.Shuffle(assist.AsInt32(), 0xff).AsByte();

    private static Vector128<byte> Substituted(Vector128<byte> assist) => Sse2.Shuffle(assist.AsInt32(), 0xaa).AsByte();

    private static Vector128<byte> Mix(Vector128<byte> words, Vector128<byte> assist)
    {
        words = Sse2.Xor(words, Sse2.ShiftLeftLogical128BitLane(words, 4));
        words = Sse2.Xor(words, Sse2.ShiftLeftLogical128BitLane(words, 8));
        return Sse2.Xor(words, assist);
    }

    [System.Runtime.CompilerServices.InlineArray(Rounds + 1)]
    private struct RoundKeys
    {
        private Vector128<byte> first;
    }
}
