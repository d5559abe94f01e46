using Skiff.Linux;

namespace Skiff.Wasi.Random;

/// <summary>
/// Random bytes. The kernel's serve all three interfaces: what is asked for as insecure may well be secure, and there is
/// one source to trust.
/// </summary>
public sealed class RandomSource(FillRandom? fill = null)
{
    /// <summary>Most bytes that one call of <c>get-random-bytes</c> may ask for: they are an allocation of the host's.</summary>
    public const ulong BytesMax = 16 * 1024 * 1024;

    /// <summary>Bytes between two looks at whether the guest was stopped.</summary>
    public const int ChunkBytes = 1024 * 1024;

    private readonly FillRandom _fill = fill ?? KernelRandom.Fill;

    public void Fill(Span<byte> bytes) => _fill(bytes);

    public ulong Next()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        Fill(bytes);
        return BitConverter.ToUInt64(bytes);
    }
}

/// <summary>Fills bytes from some source of randomness.</summary>
public delegate void FillRandom(Span<byte> bytes);
