using System.Runtime.CompilerServices;
using Skiff.Components.Runtime;
using ComponentInstance = Skiff.Components.Runtime.ComponentInstance;

namespace Skiff.Components.Abi;

/// <summary>
/// A guest's memory during one call, checked at each access. It asks the engine for base and size once and then again after each piece
/// of guest code (<see cref="Forget"/>), for that may have grown the memory. It also keeps the account of what the call has lifted.
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

    /// <summary>Guest code has run or is about to.</summary>
    public void Forget() => _view = default;

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

    // What lies beyond 2 GiB does not fit into a span, and takes this way each time.
    private Span<byte> SliceAfresh(uint address, uint length)
    {
        ref readonly var memory = ref _instance.Memory(_slot);
        _view = memory.Whole(out var size);
        var end = (ulong)address + length;
        if (end > size)
        {
            Violation.OutOfBounds(address, length, size);
        }

        return end <= (uint)_view.Length ? _view.Slice((int)address, (int)length) : memory.Slice((ulong)address, length);
    }

    private readonly void Account()
    {
        if (_lifted > _instance.Memory(_slot).Length * AbiLimits.LiftedMemoryMultiple)
        {
            Violation.TooMuch(_lifted);
        }
    }
}
