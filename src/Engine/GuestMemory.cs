using System.Runtime.CompilerServices;
using Skiff.Engine.Native;

namespace Skiff.Engine;

/// <summary>
/// A linear memory. Its base and its length are asked for at each access, because a guest grows it whenever it runs: a span is valid
/// until the guest runs again, which includes every call of a guest function.
/// </summary>
public readonly unsafe struct GuestMemory : IEquatable<GuestMemory>
{
    private readonly nint _context;
    private readonly wasmtime_memory_t _memory;

    internal GuestMemory(nint context, wasmtime_memory_t memory) => (_context, _memory) = (context, memory);

    /// <summary>Bytes.</summary>
    public ulong Length
    {
        get
        {
            var memory = _memory;
            return ModuleApi.wasmtime_memory_data_size(_context, &memory);
        }
    }

    /// <summary>The memory as it is now, for several accesses with no guest code between; its first 2 GiB where it is larger.</summary>
    /// <param name="length">Bytes of all of it.</param>
    public Span<byte> Whole(out ulong length)
    {
        var memory = _memory;
        length = ModuleApi.wasmtime_memory_data_size(_context, &memory);
        return new Span<byte>(ModuleApi.wasmtime_memory_data(_context, &memory), (int)Math.Min(length, int.MaxValue));
    }

    /// <summary>A part of the memory, checked in 64 bits; may lie anywhere in it, also beyond 2 GiB.</summary>
    /// <exception cref="GuestTrapException">It does not lie in the memory, or is longer than a span can be (2 GiB).</exception>
    public Span<byte> Slice(uint address, uint length) => Slice((ulong)address, length);

    /// <inheritdoc cref="Slice(uint, uint)"/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<byte> Slice(ulong address, uint length)
    {
        var memory = _memory;
        var size = (ulong)ModuleApi.wasmtime_memory_data_size(_context, &memory);
        // In this order nothing can wrap round.
        if (length > size || address > size - length || length > int.MaxValue)
        {
            throw OutOfBounds(address, length, size);
        }

        return new Span<byte>(ModuleApi.wasmtime_memory_data(_context, &memory) + address, (int)length);
    }

    public static bool operator ==(GuestMemory left, GuestMemory right) => left.Equals(right);

    public static bool operator !=(GuestMemory left, GuestMemory right) => !left.Equals(right);

    /// <summary>Whether both are the same memory, whoever exports it.</summary>
    public bool Equals(GuestMemory other) =>
        _memory.store_id == other._memory.store_id && _memory.private1 == other._memory.private1 && _memory.private2 == other._memory.private2;

    public override bool Equals(object? obj) => obj is GuestMemory other && Equals(other);

    public override int GetHashCode() => HashCode.Combine(_memory.store_id, _memory.private1, _memory.private2);

    private static GuestTrapException OutOfBounds(ulong address, uint length, ulong size) =>
        new($"{length} bytes at address {address} are out of bounds of the guest's memory of {size} bytes");
}
