namespace Skiff.Wasi.Preview1;

/// <summary>The <c>iovec_array</c> of a call: buffers in the guest's memory. All are checked before anything moves.</summary>
internal readonly ref struct IoVectors
{
    /// <summary>What POSIX systems allow (IOV_MAX).</summary>
    public const uint CountMax = 1024;

    private const uint Size = 8;

    private readonly Preview1Memory _memory;
    private readonly uint _address;

    private IoVectors(Preview1Memory memory, uint address, int count, ulong length)
    {
        _memory = memory;
        _address = address;
        Count = count;
        Length = length;
    }

    public int Count { get; }

    /// <summary>Bytes of all buffers together.</summary>
    public ulong Length { get; }

    /// <exception cref="GuestFaultException">A buffer, or the array itself, does not lie in the memory.</exception>
    public static WasiErrno TryRead(Preview1Memory memory, uint address, uint count, out IoVectors vectors)
    {
        vectors = default;
        if (count > CountMax)
        {
            return WasiErrno.Invalid;
        }

        memory.Slice(address, count * Size);
        var all = new IoVectors(memory, address, (int)count, 0);
        ulong length = 0;
        for (var i = 0; i < all.Count; i++)
        {
            length += (uint)all[i].Length;
        }

        vectors = new IoVectors(memory, address, (int)count, length);
        return length > uint.MaxValue ? WasiErrno.Invalid : WasiErrno.Success;
    }

    public Span<byte> this[int index]
    {
        get
        {
            var at = _address + ((uint)index * Size);
            return _memory.Slice(_memory.ReadU32(at), _memory.ReadU32(at + sizeof(uint)));
        }
    }

    /// <summary>Spreads bytes over the buffers; they must fit.</summary>
    public void Fill(ReadOnlySpan<byte> bytes)
    {
        for (var i = 0; i < Count && !bytes.IsEmpty; i++)
        {
            var part = Math.Min(this[i].Length, bytes.Length);
            bytes[..part].CopyTo(this[i]);
            bytes = bytes[part..];
        }
    }

    /// <summary>The first bytes of the buffers, after so many others, as a copy.</summary>
    public byte[] Copy(int skip, int length)
    {
        var copy = new byte[length];
        var at = 0;
        for (var i = 0; i < Count && at < length; i++)
        {
            var buffer = this[i];
            var from = Math.Min(skip, buffer.Length);
            skip -= from;
            var part = Math.Min(buffer.Length - from, length - at);
            buffer.Slice(from, part).CopyTo(copy.AsSpan(at));
            at += part;
        }

        return copy;
    }
}
