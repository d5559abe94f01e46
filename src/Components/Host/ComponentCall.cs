using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Skiff.Components.Abi;
using Skiff.Components.Linking;
using Skiff.Components.Runtime;
using Skiff.Components.Types;
using Skiff.Engine;
using ComponentInstance = Skiff.Components.Runtime.ComponentInstance;

namespace Skiff.Components.Host;

/// <summary>
/// One call of a host function by a guest, as the binding sees it: flat parameters, the guest's memory and handles, the result.
/// A binding first lifts everything (nothing of that runs guest code, so all spans hold), then calls, then lowers.
/// Flat slots are numbered as the function type flattens (CanonicalABI.md, "Flattening"); a slot that cases of a variant share
/// is read by the getter of the case's own type. With more than 16 flat parameters only slot 0 is there: the address of the tuple.
/// </summary>
/// <exception cref="GuestTrapException">Every method that takes something of the guest's throws it when the guest broke a rule.</exception>
public ref partial struct ComponentCall
{
    private readonly ComponentInstance _instance;
    private readonly HostTrampoline _trampoline;
    private readonly Span<RawValue> _values;
    private GuestView _memory;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ComponentCall(ComponentInstance instance, HostTrampoline trampoline, Span<RawValue> values)
    {
        _instance = instance;
        _trampoline = trampoline;
        _values = values;
        _memory.Begin(instance, trampoline.Options.Memory);
    }

    /// <summary>What implements the interface's free functions, constructors and statics for this guest.</summary>
    public readonly object Implementation => _instance.Implementation(_trampoline.Interface);

    internal PendingCall? Pending { get; private set; }

    // Looked up when it is needed: calls without handles never do.
    private readonly InstanceState Caller => _instance.StateOf(_trampoline.Instance);

    // Flat parameters ----------------------------------------------------------------------------------------------

    public readonly bool Bool(int slot) => _values[slot].U32 != 0;

    public readonly sbyte S8(int slot) => (sbyte)_values[slot].U32;

    public readonly byte U8(int slot) => (byte)_values[slot].U32;

    public readonly short S16(int slot) => (short)_values[slot].U32;

    public readonly ushort U16(int slot) => (ushort)_values[slot].U32;

    public readonly int S32(int slot) => _values[slot].I32;

    public readonly uint U32(int slot) => _values[slot].U32;

    public readonly long S64(int slot) => _values[slot].I64;

    public readonly ulong U64(int slot) => _values[slot].U64;

    public readonly float F32(int slot) => _values[slot].F32;

    public readonly double F64(int slot) => _values[slot].F64;

    public readonly Rune Char(int slot) => CheckChar(_values[slot].U32);

    /// <summary>The discriminant of a variant, enum, option or result.</summary>
    /// <param name="cases">How many cases the type has.</param>
    public readonly uint Case(int slot, uint cases) => CheckCase(_values[slot].U32, cases);

    /// <summary>The tuple of spilled parameters, to be read by <see cref="Load"/>.</summary>
    public ReadOnlySpan<byte> Parameters(uint size, uint alignment) => Memory(_values[0].U32, size, alignment);

    public static uint CheckCase(uint discriminant, uint cases)
    {
        if (discriminant >= cases)
        {
            Violation.Discriminant(discriminant, cases);
        }

        return discriminant;
    }

    public static Rune CheckChar(uint value)
    {
        if (!Rune.TryCreate(value, out var rune))
        {
            Violation.Char(value);
        }

        return rune;
    }

    // Memory -------------------------------------------------------------------------------------------------------

    /// <summary>A part of the guest's memory, to read or to write. Stale after <see cref="Allocate"/> and everything that lowers a string or list.</summary>
    public Span<byte> Memory(uint address, uint size, uint alignment) => _memory.Slice(address, size, alignment);

    /// <summary>A <c>list&lt;u8&gt;</c>.</summary>
    public ReadOnlySpan<byte> Bytes(uint address, uint length) => _memory.Lift(address, length, 1);

    /// <summary>A list of numbers that lie in memory as C# has them.</summary>
    public ReadOnlySpan<T> List<T>(uint address, uint length)
        where T : unmanaged
    {
        var size = NumberSize.Of<T>();
        return MemoryMarshal.Cast<byte, T>(Elements(address, length, size, size));
    }

    /// <summary>The bytes of all elements of a list, one after the other.</summary>
    /// <param name="size">Of one element; a multiple of <paramref name="alignment"/>.</param>
    public ReadOnlySpan<byte> Elements(uint address, uint length, uint size, uint alignment) =>
        _memory.Lift(address, (ulong)length * size, alignment);

    /// <summary>A string, checked, where it lies.</summary>
    public GuestString Text(uint address, uint length)
    {
        if (_trampoline.Options.Encoding != StringEncoding.Utf8)
        {
            return GuestString.FromString(String(address, length));
        }

        return GuestString.Checked(GuestText.CheckUtf8(_memory.Lift(address, length, 1)));
    }

    /// <summary>A string, copied.</summary>
    public string String(uint address, uint length)
    {
        var (size, alignment) = GuestText.Measure(_trampoline.Options.Encoding, length);
        return GuestText.Decode(_trampoline.Options.Encoding, length, _memory.Lift(address, size, alignment));
    }

    // Handles ------------------------------------------------------------------------------------------------------

    /// <summary>The object behind a borrowed (or owned) handle. No guest code runs until the function returns, so it cannot go meanwhile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly T Borrow<T>(uint handle, HostResourceType type)
        where T : class => (T)Caller.Handles.Get(handle, type).Object!;

    /// <summary>
    /// As <see cref="Borrow{T}"/>, in a function that also takes owned handles: naming one handle for both is refused.
    /// After the last parameter is lifted comes <see cref="EndLends"/>.
    /// </summary>
    public readonly T Lend<T>(uint handle, HostResourceType type)
        where T : class => (T)Caller.Lending.Lend(Caller.Handles, handle, type).Object!;

    /// <inheritdoc cref="Lend{T}"/>
    public readonly void EndLends() => Caller.Lending.EndLends();

    /// <summary>Takes an owned handle from the guest: the object is the host's now, to dispose as well.</summary>
    public readonly T Own<T>(uint handle, HostResourceType type)
        where T : class => (T)Caller.Handles.TakeOwn(handle, type).Object!;

    /// <summary>Gives an object to the guest, which disposes it by dropping the handle; at the latest the end of the instance does.</summary>
    public readonly uint NewOwn(object resource, HostResourceType type)
    {
        ArgumentNullException.ThrowIfNull(resource);
        return Caller.Handles.Add(type, HandleKind.Own, resource, 0, null);
    }

    // Results ------------------------------------------------------------------------------------------------------

    public readonly void Return(bool value) => _values[0] = value ? 1u : 0u;

    public readonly void Return(uint value) => _values[0] = value;

    public readonly void Return(int value) => _values[0] = value;

    public readonly void Return(ulong value) => _values[0] = value;

    public readonly void Return(long value) => _values[0] = value;

    public readonly void Return(float value) => _values[0] = value;

    public readonly void Return(double value) => _values[0] = value;

    public readonly void Return(Rune value) => _values[0] = (uint)value.Value;

    /// <summary>Where a result of more than one flat value goes: the function's last flat parameter.</summary>
    public readonly uint ResultAddress => _values[_trampoline.ResultSlot].U32;

    /// <summary>The place of a spilled result, to be written by <see cref="Store"/>; stale as <see cref="Memory"/> says.</summary>
    public Span<byte> Result(uint size, uint alignment) => Memory(ResultAddress, size, alignment);
}
