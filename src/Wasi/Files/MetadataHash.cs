using System.Numerics;
using Skiff.Linux.Files;
using Skiff.Wasi.Random;

namespace Skiff.Wasi.Files;

/// <summary>
/// <c>metadata-hash</c>: SipHash-2-4 with 128 bits of what changes when a file is replaced or written. The key is the guest's
/// own, so that the hash tells nothing of inode numbers.
/// </summary>
internal sealed class MetadataHash(RandomSource random)
{
    private readonly ulong _key0 = random.Next();
    private readonly ulong _key1 = random.Next();

    public (ulong Lower, ulong Upper) Of(in FileStat stat) => Hash(
        [stat.Device, stat.Inode, stat.Size, (ulong)stat.ModificationTime, (ulong)(stat.ModificationTime >> 64)]);

    // The reference algorithm, for whole words: "SipHash: a fast short-input PRF", with the wider output of its authors.
    private (ulong Lower, ulong Upper) Hash(ReadOnlySpan<ulong> words)
    {
        const int Rounds = 2;
        const int FinalRounds = 4;
        const int LengthShift = 56;
        Span<ulong> v =
        [
            _key0 ^ 0x736F6D6570736575, _key1 ^ 0x646F72616E646F6D ^ 0xEE, _key0 ^ 0x6C7967656E657261, _key1 ^ 0x7465646279746573,
        ];
        foreach (var word in words)
        {
            Absorb(v, word, Rounds);
        }

        Absorb(v, (ulong)(words.Length * sizeof(ulong)) << LengthShift, Rounds);
        v[2] ^= 0xEE;
        Mix(v, FinalRounds);
        var lower = v[0] ^ v[1] ^ v[2] ^ v[3];
        v[1] ^= 0xDD;
        Mix(v, FinalRounds);
        return (lower, v[0] ^ v[1] ^ v[2] ^ v[3]);
    }

    private static void Absorb(Span<ulong> v, ulong word, int rounds)
    {
        v[3] ^= word;
        Mix(v, rounds);
        v[0] ^= word;
    }

    private static void Mix(Span<ulong> v, int rounds)
    {
        for (var i = 0; i < rounds; i++)
        {
            v[0] += v[1];
            v[1] = BitOperations.RotateLeft(v[1], 13) ^ v[0];
            v[0] = BitOperations.RotateLeft(v[0], 32);
            v[2] += v[3];
            v[3] = BitOperations.RotateLeft(v[3], 16) ^ v[2];
            v[0] += v[3];
            v[3] = BitOperations.RotateLeft(v[3], 21) ^ v[0];
            v[2] += v[1];
            v[1] = BitOperations.RotateLeft(v[1], 17) ^ v[2];
            v[2] = BitOperations.RotateLeft(v[2], 32);
        }
    }
}
