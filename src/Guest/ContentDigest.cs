using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Skiff.Guest;

/// <summary>
/// SHA-256 (FIPS 180-4) of content as it streams past. In managed code, because the shim is a static program: the
/// framework's own goes to OpenSSL by dlopen(3), which a static program does not have.
/// </summary>
public sealed class ContentDigest
{
    /// <summary>Length of a digest in bytes.</summary>
    public const int BytesLength = 32;

    /// <summary>Length of a digest as lowercase hex digits.</summary>
    public const int TextLength = 2 * BytesLength;

    private const int BlockLength = 64;

    // Large enough that a read(2) costs nothing beside the hashing, small enough to stay in the second-level cache.
    private const int FileChunkLength = 64 * 1024;

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdef");

    private readonly byte[] _pending = new byte[BlockLength];
    private readonly uint[] _state =
    [
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
    ];
    private ulong _length;
    private bool _finished;

    private static ReadOnlySpan<uint> RoundConstants =>
    [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ];

    /// <summary>Digest of <paramref name="content"/> as 64 lowercase hex digits.</summary>
    public static string Of(ReadOnlySpan<byte> content)
    {
        var digest = new ContentDigest();
        digest.Append(content);
        return digest.Finish();
    }

    /// <summary>Digest of an open file from its beginning to its end, whatever its position; 64 lowercase hex digits.</summary>
    public static string Of(Microsoft.Win32.SafeHandles.SafeFileHandle file)
    {
        var digest = new ContentDigest();
        var chunk = new byte[FileChunkLength];
        for (long offset = 0; ;)
        {
            var count = RandomAccess.Read(file, chunk, offset);
            if (count == 0)
            {
                return digest.Finish();
            }

            digest.Append(chunk.AsSpan(0, count));
            offset += count;
        }
    }

    /// <summary>Whether <paramref name="text"/> is a digest as this class writes it: 64 lowercase hex digits.</summary>
    public static bool IsValid(ReadOnlySpan<char> text) =>
        text.Length == TextLength && !text.ContainsAnyExcept(Digits);

    /// <summary>Takes the next bytes.</summary>
    public void Append(ReadOnlySpan<byte> content)
    {
        ObjectDisposedException.ThrowIf(_finished, this);
        var pending = (int)(_length % BlockLength);
        _length += (ulong)content.Length;
        if (pending != 0)
        {
            var missing = Math.Min(BlockLength - pending, content.Length);
            content[..missing].CopyTo(_pending.AsSpan(pending));
            content = content[missing..];
            if (pending + missing < BlockLength)
            {
                return;
            }

            Compress(_state, _pending);
        }

        var whole = content.Length - (content.Length % BlockLength);
        Compress(_state, content[..whole]);
        content[whole..].CopyTo(_pending);
    }

    /// <summary>Ends the content; 64 lowercase hex digits. Nothing can be appended afterwards.</summary>
    public string Finish()
    {
        ObjectDisposedException.ThrowIf(_finished, this);
        var bits = _length * 8;
        // Section 5.1.1: a one bit, then zeros, then the length in the last eight bytes of a block.
        Span<byte> padding = stackalloc byte[2 * BlockLength];
        padding.Clear();
        padding[0] = 0x80;
        var pending = (int)(_length % BlockLength);
        var padded = (pending < BlockLength - sizeof(ulong) ? BlockLength : 2 * BlockLength) - pending;
        BinaryPrimitives.WriteUInt64BigEndian(padding[(padded - sizeof(ulong))..], bits);
        Append(padding[..padded]);
        _finished = true;

        Span<byte> digest = stackalloc byte[BytesLength];
        for (var i = 0; i < _state.Length; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(digest[(4 * i)..], _state[i]);
        }

        return Convert.ToHexStringLower(digest);
    }

    // Section 6.2.2. The eight working variables change places by the order of the arguments instead of by moves, and the
    // message schedule lives in sixteen slots that are overwritten in turn. Optimized for speed although the programs are
    // compiled for size: hashing a module is the longest thing the shim ever does by itself.
    private static void Compress(uint[] state, ReadOnlySpan<byte> blocks)
    {
        Schedule w = default;
        while (blocks.Length >= BlockLength)
        {
            uint a = state[0], b = state[1], c = state[2], d = state[3];
            uint e = state[4], f = state[5], g = state[6], h = state[7];
            for (var i = 0; i < Schedule.Length; i++)
            {
                w[i] = BinaryPrimitives.ReadUInt32BigEndian(blocks.Slice(4 * i, 4));
            }

            for (var k = RoundConstants; ;)
            {
                Round(a, b, c, ref d, e, f, g, ref h, k[0] + w[0]);
                Round(h, a, b, ref c, d, e, f, ref g, k[1] + w[1]);
                Round(g, h, a, ref b, c, d, e, ref f, k[2] + w[2]);
                Round(f, g, h, ref a, b, c, d, ref e, k[3] + w[3]);
                Round(e, f, g, ref h, a, b, c, ref d, k[4] + w[4]);
                Round(d, e, f, ref g, h, a, b, ref c, k[5] + w[5]);
                Round(c, d, e, ref f, g, h, a, ref b, k[6] + w[6]);
                Round(b, c, d, ref e, f, g, h, ref a, k[7] + w[7]);
                Round(a, b, c, ref d, e, f, g, ref h, k[8] + w[8]);
                Round(h, a, b, ref c, d, e, f, ref g, k[9] + w[9]);
                Round(g, h, a, ref b, c, d, e, ref f, k[10] + w[10]);
                Round(f, g, h, ref a, b, c, d, ref e, k[11] + w[11]);
                Round(e, f, g, ref h, a, b, c, ref d, k[12] + w[12]);
                Round(d, e, f, ref g, h, a, b, ref c, k[13] + w[13]);
                Round(c, d, e, ref f, g, h, a, ref b, k[14] + w[14]);
                Round(b, c, d, ref e, f, g, h, ref a, k[15] + w[15]);
                k = k[16..];
                if (k.IsEmpty)
                {
                    break;
                }

                Extend(ref w);
            }

            state[0] += a;
            state[1] += b;
            state[2] += c;
            state[3] += d;
            state[4] += e;
            state[5] += f;
            state[6] += g;
            state[7] += h;
            blocks = blocks[BlockLength..];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(uint a, uint b, uint c, ref uint d, uint e, uint f, uint g, ref uint h, uint word)
    {
        var first = h + word
            + (BitOperations.RotateRight(e, 6) ^ BitOperations.RotateRight(e, 11) ^ BitOperations.RotateRight(e, 25))
            + (g ^ (e & (f ^ g)));
        var second = (BitOperations.RotateRight(a, 2) ^ BitOperations.RotateRight(a, 13) ^ BitOperations.RotateRight(a, 22))
            + ((a & b) | (c & (a | b)));
        d += first;
        h = first + second;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Extend(ref Schedule w)
    {
        w[0] = Next(w[0], w[1], w[9], w[14]);
        w[1] = Next(w[1], w[2], w[10], w[15]);
        w[2] = Next(w[2], w[3], w[11], w[0]);
        w[3] = Next(w[3], w[4], w[12], w[1]);
        w[4] = Next(w[4], w[5], w[13], w[2]);
        w[5] = Next(w[5], w[6], w[14], w[3]);
        w[6] = Next(w[6], w[7], w[15], w[4]);
        w[7] = Next(w[7], w[8], w[0], w[5]);
        w[8] = Next(w[8], w[9], w[1], w[6]);
        w[9] = Next(w[9], w[10], w[2], w[7]);
        w[10] = Next(w[10], w[11], w[3], w[8]);
        w[11] = Next(w[11], w[12], w[4], w[9]);
        w[12] = Next(w[12], w[13], w[5], w[10]);
        w[13] = Next(w[13], w[14], w[6], w[11]);
        w[14] = Next(w[14], w[15], w[7], w[12]);
        w[15] = Next(w[15], w[0], w[8], w[13]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Next(uint word, uint early, uint middle, uint late) =>
        word + middle
        + (BitOperations.RotateRight(early, 7) ^ BitOperations.RotateRight(early, 18) ^ (early >> 3))
        + (BitOperations.RotateRight(late, 17) ^ BitOperations.RotateRight(late, 19) ^ (late >> 10));

    [InlineArray(Length)]
    private struct Schedule
    {
        public const int Length = 16;
        private uint _word;
    }
}
