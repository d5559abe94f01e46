using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Skiff.Engine;

/// <summary>
/// A 32-bit linear memory with what was last seen of it, for those who look at it often. What was seen stays true until the store is
/// deleted: no memory shrinks, and this one does not move, because all addresses that it may grow to are reserved for it
/// (<see cref="WasmEngine"/>). So only an access beyond it has to ask the engine.
/// </summary>
/// <param name="memory">Not one with 64-bit addresses: that may move.</param>
public unsafe struct SeenMemory(GuestMemory memory)
{
    private byte* _start;
    private int _length;

    public readonly GuestMemory Memory => memory;

    /// <summary>As much as was seen; empty before the first look.</summary>
    public readonly Span<byte> Seen
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            Debug.Assert(IsTrue(), "a memory has moved or shrunk");
            return MemoryMarshal.CreateSpan(ref Unsafe.AsRef<byte>(_start), _length);
        }
    }

    /// <summary>As <see cref="GuestMemory.Whole"/>, to be seen from now on.</summary>
    public Span<byte> Look(out ulong length)
    {
        var whole = memory.Whole(out length);
        _start = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(whole));
        _length = whole.Length;
        return whole;
    }

    private readonly bool IsTrue()
    {
        if (_length == 0)
        {
            return true;
        }

        var whole = memory.Whole(out _);
        return whole.Length >= _length && Unsafe.AsPointer(ref MemoryMarshal.GetReference(whole)) == _start;
    }
}
