using System.Buffers.Binary;
using Skiff.Engine;

namespace Skiff.Wasi.Preview1;

/// <summary>A pointer of the guest's does not lie in its memory: <c>fault</c>.</summary>
internal sealed class GuestFaultException : Exception;

/// <summary>The memory of the calling module, where a wild pointer is an answer to the guest and not its end.</summary>
internal readonly ref struct Preview1Memory(GuestMemory memory)
{
    private readonly GuestMemory _memory = memory;

    /// <exception cref="GuestFaultException">It does not lie in the memory.</exception>
    public Span<byte> Slice(uint address, uint length)
    {
        var size = _memory.Length;
        return length <= size && address <= size - length && length <= int.MaxValue
            ? _memory.Slice(address, length)
            : throw new GuestFaultException();
    }

    public uint ReadU32(uint address) => BinaryPrimitives.ReadUInt32LittleEndian(Slice(address, sizeof(uint)));

    public void Write(uint address, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Slice(address, sizeof(uint)), value);

    public void Write(uint address, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Slice(address, sizeof(ulong)), value);

    public void Write(uint address, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Slice(address, sizeof(ushort)), value);
}
