using Skiff.Components.Runtime;
using Skiff.Components.Types;
using Skiff.Engine;
using ComponentInstance = Skiff.Components.Runtime.ComponentInstance;

namespace Skiff.Components.Abi;

/// <summary>
/// Gives values to one component instance (CanonicalABI.md, "Storing" and "Lowering"). Each string and list runs the guest's
/// <c>realloc</c>, so that everything is done by address and no span is kept over it.
/// </summary>
internal ref struct Lowerer
{
    private readonly ComponentInstance _instance;
    private readonly InstanceState _to;
    private readonly CanonicalOptions _options;
    private readonly CallScope? _scope;
    private GuestView _memory;

    /// <param name="scope">Counts the borrowed handles that the callee gets; null where none can be: in results.</param>
    public Lowerer(ComponentInstance instance, InstanceState to, CanonicalOptions options, CallScope? scope)
    {
        _instance = instance;
        _to = to;
        _options = options;
        _scope = scope;
        _memory = new GuestView(instance, options.Memory);
    }

    /// <summary>Lowers the parameters of a call into the core function's, which point to the guest's memory when there are too many.</summary>
    public void Parameters(FunctionType type, scoped ReadOnlySpan<ComponentValue> values, scoped Span<RawValue> flat)
    {
        var tuple = type.ParameterTuple;
        if (type.ParametersAreSpilled)
        {
            var address = Allocate(tuple.Size, tuple.Alignment);
            Fields(tuple, address, values);
            flat[0] = address;
            return;
        }

        var next = 0;
        FlatFields(tuple, values, flat, ref next);
    }

    /// <summary>Lowers the result of a call into the core function's one result, or to the address that the caller gave.</summary>
    public void Result(FunctionType type, ComponentValue? value, uint address, scoped Span<RawValue> flat)
    {
        if (type.Result is not { } result)
        {
            return;
        }

        var given = value ?? throw new ArgumentException($"the function has a result of type {result}, and none was given");
        if (type.ResultIsSpilled)
        {
            Value(result, address, given);
            return;
        }

        var next = 0;
        Flat(result, given, flat, ref next);
    }

    private void Value(ValueType type, uint address, ComponentValue value)
    {
        switch (type)
        {
            case PrimitiveType { Kind: Primitive.String }:
                Pair(address, Text(value));
                break;
            case PrimitiveType primitive:
                Bits(address, primitive.Size, Number(primitive.Kind, value));
                break;
            case ListType list:
                Pair(address, List(list, value));
                break;
            case RecordType record:
                Fields(record, address, value.AsRecord);
                break;
            case VariantType variant:
                var index = Index(variant, value);
                Bits(address, variant.DiscriminantSize, index);
                if (variant.Cases[(int)index].Type is { } payload)
                {
                    Value(payload, address + variant.PayloadOffset, Payload(variant, value));
                }

                break;
            case FlagsType flags:
                Bits(address, flags.Size, value.AsFlags);
                break;
            case HandleType handle:
                Bits(address, 4, Handle(handle, value.AsResource));
                break;
            default:
                throw Lifter.Unsupported(type);
        }
    }

    private void Flat(ValueType type, ComponentValue value, scoped Span<RawValue> flat, ref int next)
    {
        switch (type)
        {
            case PrimitiveType { Kind: Primitive.String }:
                (flat[next], flat[next + 1]) = Text(value) is var (textAddress, textLength) ? (textAddress, textLength) : default;
                next += 2;
                break;
            case PrimitiveType primitive:
                flat[next++] = FlatNumber(primitive.Kind, value);
                break;
            case ListType list:
                (flat[next], flat[next + 1]) = List(list, value) is var (address, length) ? (address, length) : default;
                next += 2;
                break;
            case RecordType record:
                FlatFields(record, value.AsRecord, flat, ref next);
                break;
            case VariantType variant:
                FlatCase(variant, value, flat, ref next);
                break;
            case FlagsType:
                flat[next++] = value.AsFlags;
                break;
            case HandleType handle:
                flat[next++] = Handle(handle, value.AsResource);
                break;
            default:
                throw Lifter.Unsupported(type);
        }
    }

    private void Fields(RecordType record, uint address, scoped ReadOnlySpan<ComponentValue> values)
    {
        CheckCount(record, values.Length);
        // Once for all fields: bounds and alignment of the whole.
        _ = _memory.Slice(address, record.Size, record.Alignment);
        for (var i = 0; i < values.Length; i++)
        {
            Value(record.Fields[i].Type!, address + record.Offsets[i], values[i]);
        }
    }

    private void FlatFields(RecordType record, scoped ReadOnlySpan<ComponentValue> values, scoped Span<RawValue> flat, ref int next)
    {
        CheckCount(record, values.Length);
        for (var i = 0; i < values.Length; i++)
        {
            Flat(record.Fields[i].Type!, values[i], flat, ref next);
        }
    }

    private void FlatCase(VariantType variant, ComponentValue value, scoped Span<RawValue> flat, ref int next)
    {
        var index = Index(variant, value);
        var payload = next + 1;
        var slots = flat.Slice(next, variant.Flat.Length);
        slots.Clear();
        slots[0] = index;
        next += slots.Length;
        if (variant.Cases[(int)index].Type is { } type)
        {
            Flat(type, Payload(variant, value), flat, ref payload);
        }
    }

    private (uint Address, uint Length) List(ListType list, ComponentValue value)
    {
        var element = list.Element;
        if (ReferenceEquals(element, PrimitiveType.U8) && value.AsBytes is { } bytes)
        {
            var target = Allocate((ulong)bytes.Length, 1);
            bytes.CopyTo(_memory.Slice(target, (uint)bytes.Length));
            return (target, (uint)bytes.Length);
        }

        var values = value.AsList;
        var address = Allocate((ulong)values.Length * element.Size, element.Alignment);
        for (var i = 0; i < values.Length; i++)
        {
            Value(element, address + ((uint)i * element.Size), values[i]);
        }

        return (address, (uint)values.Length);
    }

    private (uint Address, uint Length) Text(ComponentValue value)
    {
        var text = value.AsString;
        var (size, alignment, length) = GuestText.Measure(_options.Encoding, text);
        var address = Allocate(size, alignment);
        GuestText.Encode(_options.Encoding, text, length, _memory.Slice(address, size));
        return (address, length);
    }

    private readonly uint Handle(HandleType type, ComponentResource resource)
    {
        var expected = _instance.Canonical(type.Resource);
        if (!ReferenceEquals(expected, resource.Type))
        {
            throw new ArgumentException($"a resource of type {resource.Type} was given for {type}");
        }

        if (type.IsOwn)
        {
            if (!resource.IsOwn)
            {
                throw new ArgumentException($"the {resource.Type} given for {type} is not the host's to give away");
            }

            resource.GiveAway();
            return _to.Handles.Add(expected, HandleKind.Own, resource.Host, resource.Representation, null);
        }

        return _to.AddBorrow(expected, resource.Host, resource.Representation, _scope!);
    }

    private uint Allocate(ulong size, uint alignment)
    {
        if (size > AbiLimits.BytesMax)
        {
            throw new ArgumentException($"a string or list of {size} bytes is longer than the {AbiLimits.BytesMax} that a guest can take");
        }

        var address = _instance.Reallocate(_to, _options, 0, 0, alignment, (uint)size);
        _ = _memory.Slice(address, (uint)size, alignment);
        return address;
    }

    private void Pair(uint address, (uint Address, uint Length) pair)
    {
        var memory = _memory.Slice(address, 8, 4);
        Host.Store.U32(memory, 0, pair.Address);
        Host.Store.U32(memory, 4, pair.Length);
    }

    private void Bits(uint address, uint size, ulong bits)
    {
        var memory = _memory.Slice(address, size, size);
        switch (size)
        {
            case 1:
                memory[0] = (byte)bits;
                break;
            case 2:
                Host.Store.U16(memory, 0, (ushort)bits);
                break;
            case 4:
                Host.Store.U32(memory, 0, (uint)bits);
                break;
            default:
                Host.Store.U64(memory, 0, bits);
                break;
        }
    }

    private static ulong Number(Primitive kind, ComponentValue value) =>
        value.Kind == KindOf(kind) ? value.Bits : throw new InvalidCastException($"the component value is a {value.Kind}, not a {kind}");

    // A number of less than 64 bits leaves the slot's upper half zero, whatever the slot was joined to.
    private static RawValue FlatNumber(Primitive kind, ComponentValue value)
    {
        var bits = Number(kind, value);
        return kind is Primitive.S64 or Primitive.U64 or Primitive.F64 ? bits : (uint)bits;
    }

    private static ComponentValueKind KindOf(Primitive kind) => kind switch
    {
        Primitive.Bool => ComponentValueKind.Bool,
        Primitive.S8 => ComponentValueKind.S8,
        Primitive.U8 => ComponentValueKind.U8,
        Primitive.S16 => ComponentValueKind.S16,
        Primitive.U16 => ComponentValueKind.U16,
        Primitive.S32 => ComponentValueKind.S32,
        Primitive.U32 => ComponentValueKind.U32,
        Primitive.S64 => ComponentValueKind.S64,
        Primitive.U64 => ComponentValueKind.U64,
        Primitive.F32 => ComponentValueKind.F32,
        Primitive.F64 => ComponentValueKind.F64,
        Primitive.Char => ComponentValueKind.Char,
        _ => throw Lifter.Unsupported(PrimitiveType.FromOpcode((byte)kind)!),
    };

    private static uint Index(VariantType variant, ComponentValue value) => value.Case < (uint)variant.Cases.Length
        ? value.Case
        : throw new ArgumentException($"case {value.Case} was given for {variant}");

    private static ComponentValue Payload(VariantType variant, ComponentValue value) =>
        value.Payload ?? throw new ArgumentException($"case {value.Case} of {variant} carries a value, and none was given");

    private static void CheckCount(RecordType record, int count)
    {
        if (count != record.Fields.Length)
        {
            throw new ArgumentException($"{count} values were given for {record}");
        }
    }
}
