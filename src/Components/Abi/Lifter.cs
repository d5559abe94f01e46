using Skiff.Components.Host;
using Skiff.Components.Linking;
using Skiff.Components.Runtime;
using Skiff.Components.Types;
using Skiff.Engine;
using ComponentInstance = Skiff.Components.Runtime.ComponentInstance;

namespace Skiff.Components.Abi;

/// <summary>
/// Makes values of what one component instance passes (CanonicalABI.md, "Loading" and "Lifting"). Runs no guest code, so that spans
/// hold throughout. Depth is bounded by the type's, which the linker bounds.
/// </summary>
internal ref struct Lifter
{
    private readonly ComponentInstance _instance;
    private readonly InstanceState _from;
    private readonly StringEncoding _encoding;
    private readonly CallScope _scope;
    private GuestView _memory;

    /// <param name="scope">Keeps borrowed handles lent until the call ends.</param>
    public Lifter(ComponentInstance instance, InstanceState from, CanonicalOptions options, CallScope scope)
    {
        _instance = instance;
        _from = from;
        _encoding = options.Encoding;
        _scope = scope;
        _memory = new GuestView(instance, options.Memory);
    }

    /// <summary>Lifts the parameters of a call, wherever they are.</summary>
    /// <param name="flat">The core function's parameters.</param>
    public ComponentValue[] Parameters(FunctionType type, scoped ReadOnlySpan<RawValue> flat) => type.ParametersAreSpilled
        ? Fields(type.ParameterTuple, Load(type.ParameterTuple, flat[0].U32))
        : FlatFields(type.ParameterTuple, flat);

    /// <summary>Lifts the result of a call.</summary>
    /// <param name="flat">The core function's result: the value itself, or its address.</param>
    public ComponentValue? Result(FunctionType type, scoped ReadOnlySpan<RawValue> flat)
    {
        var next = 0;
        return type.Result is not { } result ? null
            : type.ResultIsSpilled ? Value(result, Load(result, flat[0].U32))
            : Flat(result, flat, ref next);
    }

    private ReadOnlySpan<byte> Load(ValueType type, uint address) => _memory.Slice(address, type.Size, type.Alignment);

    private ComponentValue Value(ValueType type, scoped ReadOnlySpan<byte> memory) => type switch
    {
        PrimitiveType { Kind: Primitive.String } => Text(Host.Load.U32(memory, 0), Host.Load.U32(memory, 4)),
        PrimitiveType primitive => Number(primitive.Kind, Bits(memory, primitive.Size)),
        ListType list => List(list, Host.Load.U32(memory, 0), Host.Load.U32(memory, 4)),
        RecordType record => ComponentValue.Record(Fields(record, memory)),
        VariantType variant => Case(variant, memory),
        FlagsType flags => Flags(flags, (uint)Bits(memory, flags.Size)),
        HandleType handle => Handle(handle, Host.Load.U32(memory, 0)),
        _ => throw Unsupported(type),
    };

    private ComponentValue Flat(ValueType type, scoped ReadOnlySpan<RawValue> flat, ref int next) => type switch
    {
        PrimitiveType { Kind: Primitive.String } => Text(flat[next++].U32, flat[next++].U32),
        PrimitiveType primitive => Number(primitive.Kind, flat[next++].U64),
        ListType list => List(list, flat[next++].U32, flat[next++].U32),
        RecordType record => ComponentValue.Record(FlatFields(record, flat, ref next)),
        VariantType variant => FlatCase(variant, flat, ref next),
        FlagsType flags => Flags(flags, flat[next++].U32),
        HandleType handle => Handle(handle, flat[next++].U32),
        _ => throw Unsupported(type),
    };

    private ComponentValue[] Fields(RecordType record, scoped ReadOnlySpan<byte> memory)
    {
        var fields = new ComponentValue[record.Fields.Length];
        for (var i = 0; i < fields.Length; i++)
        {
            var type = record.Fields[i].Type!;
            fields[i] = Value(type, memory.Slice((int)record.Offsets[i], (int)type.Size));
        }

        return fields;
    }

    private ComponentValue[] FlatFields(RecordType record, scoped ReadOnlySpan<RawValue> flat)
    {
        var next = 0;
        return FlatFields(record, flat, ref next);
    }

    private ComponentValue[] FlatFields(RecordType record, scoped ReadOnlySpan<RawValue> flat, ref int next)
    {
        var fields = new ComponentValue[record.Fields.Length];
        for (var i = 0; i < fields.Length; i++)
        {
            fields[i] = Flat(record.Fields[i].Type!, flat, ref next);
        }

        return fields;
    }

    private ComponentValue Case(VariantType variant, scoped ReadOnlySpan<byte> memory)
    {
        var index = ComponentCall.CheckCase((uint)Bits(memory, variant.DiscriminantSize), (uint)variant.Cases.Length);
        return ComponentValue.Variant(
            index,
            variant.Cases[(int)index].Type is { } type ? Value(type, memory.Slice((int)variant.PayloadOffset, (int)type.Size)) : null);
    }

    // The slots are read as the case's own types, which lie in the low half of a wider joined slot (CanonicalABI.md, lift_flat_variant).
    private ComponentValue FlatCase(VariantType variant, scoped ReadOnlySpan<RawValue> flat, ref int next)
    {
        var index = ComponentCall.CheckCase(flat[next].U32, (uint)variant.Cases.Length);
        var payload = next + 1;
        next += variant.Flat.Length;
        return ComponentValue.Variant(index, variant.Cases[(int)index].Type is { } type ? Flat(type, flat, ref payload) : null);
    }

    private ComponentValue List(ListType list, uint address, uint length)
    {
        var element = list.Element;
        // A type of no bytes would make a list of any length cost the guest nothing.
        var size = Math.Max(element.Size, 1);
        var memory = _memory.Lift(address, (ulong)length * size, element.Alignment);
        if (ReferenceEquals(element, PrimitiveType.U8))
        {
            return ComponentValue.Bytes(memory.ToArray());
        }

        _memory.Charge((ulong)length * AbiLimits.ValueBytes);
        var values = new ComponentValue[length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = Value(element, memory.Slice(i * (int)size, (int)element.Size));
        }

        return ComponentValue.List(values);
    }

    private ComponentValue Text(uint address, uint length)
    {
        var (size, alignment) = GuestText.Measure(_encoding, length);
        return ComponentValue.String(GuestText.Decode(_encoding, length, _memory.Lift(address, size, alignment)));
    }

    private readonly ComponentValue Handle(HandleType type, uint index)
    {
        var resource = _instance.Canonical(type.Resource);
        var entry = type.IsOwn ? _from.Handles.TakeOwn(index, resource) : _scope.Lend(_from.Handles, index, resource);
        return ComponentValue.Resource(new ComponentResource(resource, entry.Object, entry.Number, type.IsOwn));
    }

    private static ComponentValue Flags(FlagsType type, uint bits) =>
        ComponentValue.Flags(type.Labels.Count < 32 ? bits & ((1u << type.Labels.Count) - 1) : bits);

    private static ulong Bits(scoped ReadOnlySpan<byte> memory, uint size) => size switch
    {
        1 => memory[0],
        2 => Host.Load.U16(memory, 0),
        4 => Host.Load.U32(memory, 0),
        _ => Host.Load.U64(memory, 0),
    };

    private static ComponentValue Number(Primitive kind, ulong bits) => kind switch
    {
        Primitive.Bool => ComponentValue.Bool((uint)bits != 0),
        Primitive.S8 => ComponentValue.S8((sbyte)bits),
        Primitive.U8 => ComponentValue.U8((byte)bits),
        Primitive.S16 => ComponentValue.S16((short)bits),
        Primitive.U16 => ComponentValue.U16((ushort)bits),
        Primitive.S32 => ComponentValue.S32((int)bits),
        Primitive.U32 => ComponentValue.U32((uint)bits),
        Primitive.S64 => ComponentValue.S64((long)bits),
        Primitive.U64 => ComponentValue.U64(bits),
        Primitive.F32 => ComponentValue.F32(BitConverter.UInt32BitsToSingle((uint)bits)),
        Primitive.F64 => ComponentValue.F64(BitConverter.UInt64BitsToDouble(bits)),
        Primitive.Char => ComponentValue.Char(ComponentCall.CheckChar((uint)bits)),
        _ => throw Unsupported(PrimitiveType.FromOpcode((byte)kind)!),
    };

    internal static GuestTrapException Unsupported(ValueType type) => new($"values of type {type} belong to WASI 0.3 and are not supported");
}
