using System.Runtime.CompilerServices;
using Skiff.Components.Runtime;
using ComponentInstance = Skiff.Components.Runtime.ComponentInstance;

namespace Skiff.Components.Abi;

/// <summary>
/// A guest's memory during one call, checked at each access. Guest code that runs meanwhile may have grown it: what was seen of it stays
/// true (<see cref="Engine.SeenMemory"/>), and an access beyond that looks again. It also keeps the account of what the call has lifted.
/// </summary>
internal ref struct GuestView
{
    private ComponentInstance _instance;
    private int _slot;
    private Span<byte> _view;
    private ulong _lifted;

    /// <param name="slot">The memory option.</param>
    public GuestView(ComponentInstance instance, int slot) => (_instance, _slot) = (instance, slot);

    /// <summary>As the constructor does, in place: a copy of this costs more than many a call.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Begin(ComponentInstance instance, int slot)
    {
        _instance = instance;
        _slot = slot;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<byte> Slice(uint address, uint length) =>
        (ulong)address + length <= (uint)_view.Length ? _view.Slice((int)address, (int)length) : SliceAfresh(address, length);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<byte> Slice(uint address, uint length, uint alignment)
    {
        if ((address & (alignment - 1)) != 0)
        {
            Violation.Unaligned(address, alignment);
        }

        return Slice(address, length);
    }

    /// <summary>The bytes of a string or list that the guest passes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<byte> Lift(uint address, ulong bytes, uint alignment)
    {
        if (bytes > AbiLimits.BytesMax)
        {
            Violation.TooLong(bytes);
        }

        var slice = Slice(address, (uint)bytes, alignment);
        Charge(bytes);
        return slice;
    }

    /// <summary>Charges the call for memory that it makes the host take.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Charge(ulong bytes)
    {
        _lifted += bytes;
        if (_lifted > AbiLimits.LiftedAlways)
        {
            Account();
        }
    }

    // The first access of a call: nearly always within what former calls have seen.
    private Span<byte> SliceAfresh(uint address, uint length)
    {
        _view = _instance.SeenMemory(_slot);
        return (ulong)address + length <= (uint)_view.Length ? _view.Slice((int)address, (int)length) : LookAndSlice(address, length);
    }

    // What lies beyond 2 GiB does not fit into a span, and takes this way each time.
    private Span<byte> LookAndSlice(uint address, uint length)
    {
        _view = _instance.LookAtMemory(_slot, out var size);
        var end = (ulong)address + length;
        if (end > size)
        {
            Violation.OutOfBounds(address, length, size);
        }

        return end <= (uint)_view.Length ? _view.Slice((int)address, (int)length) : _instance.Memory(_slot).Slice((ulong)address, length);
    }

    private readonly void Account()
    {
        if (_lifted > _instance.Memory(_slot).Length * AbiLimits.LiftedMemoryMultiple)
        {
            Violation.TooMuch(_lifted);
        }
    }
}
