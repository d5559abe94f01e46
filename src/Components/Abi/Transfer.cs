using Skiff.Components.Host;
using Skiff.Components.Runtime;
using Skiff.Components.Types;
using Skiff.Engine;
using ComponentInstance = Skiff.Components.Runtime.ComponentInstance;

namespace Skiff.Components.Abi;

/// <summary>
/// Passes values from one component instance to another: lift and lower in one step, memory to memory, with every check of both.
/// What stands where is the same on both sides, for both have the same type; strings, lists and handles are translated.
/// </summary>
internal ref partial struct Transfer
{
    private readonly ComponentInstance _instance;
    private readonly InstanceState _from;
    private readonly InstanceState _to;
    private readonly CanonicalOptions _source;
    private readonly CanonicalOptions _target;
    private readonly CallScope _scope;
    private GuestView _read;
    private GuestView _write;

    /// <param name="scope">The call's: keeps what is lent, counts what is borrowed.</param>
    public Transfer(
        ComponentInstance instance, InstanceState from, CanonicalOptions source, InstanceState to, CanonicalOptions target, CallScope scope)
    {
        _instance = instance;
        (_from, _source) = (from, source);
        (_to, _target) = (to, target);
        _scope = scope;
        _read = new GuestView(instance, source.Memory);
        _write = new GuestView(instance, target.Memory);
    }

    public void Parameters(FunctionType type, scoped ReadOnlySpan<RawValue> source, scoped Span<RawValue> target)
    {
        if (type.ParametersAreSpilled)
        {
            var tuple = type.ParameterTuple;
            _ = _read.Slice(source[0].U32, tuple.Size, tuple.Alignment);
            var address = Allocate(tuple.Size, tuple.Alignment);
            Memory(tuple, source[0].U32, address);
            target[0] = address;
            return;
        }

        var next = 0;
        Flat(type.ParameterTuple, source, target, ref next);
    }

    /// <param name="source">The callee's core result: the value, or its address.</param>
    /// <param name="address">Where the caller wants a result that does not fit.</param>
    public void Result(FunctionType type, scoped ReadOnlySpan<RawValue> source, uint address, scoped Span<RawValue> target)
    {
        if (type.Result is not { } result)
        {
            return;
        }

        if (type.ResultIsSpilled)
        {
            _ = _read.Slice(source[0].U32, result.Size, result.Alignment);
            _ = _write.Slice(address, result.Size, result.Alignment);
            Memory(result, source[0].U32, address);
            return;
        }

        var next = 0;
        Flat(result, source, target, ref next);
    }

    private void Flat(ValueType type, scoped ReadOnlySpan<RawValue> source, scoped Span<RawValue> target, ref int next)
    {
        switch (type)
        {
            case PrimitiveType { Kind: Primitive.String }:
                (target[next], target[next + 1]) = Raw(Text(source[next].U32, source[next + 1].U32));
                next += 2;
                break;
            case ListType list:
                (target[next], target[next + 1]) = Raw(List(list, source[next].U32, source[next + 1].U32));
                next += 2;
                break;
            case PrimitiveType primitive:
                target[next] = Number(primitive.Kind, source[next]);
                next++;
                break;
            case RecordType record:
                foreach (var field in record.Fields)
                {
                    Flat(field.Type!, source, target, ref next);
                }

                break;
            case VariantType variant:
                FlatCase(variant, source, target, ref next);
                break;
            case FlagsType flags:
                target[next] = source[next].U32 & Mask(flags);
                next++;
                break;
            case HandleType handle:
                target[next] = Handle(handle, source[next].U32);
                next++;
                break;
            default:
                throw Lifter.Unsupported(type);
        }
    }

    private void FlatCase(VariantType variant, scoped ReadOnlySpan<RawValue> source, scoped Span<RawValue> target, ref int next)
    {
        var index = ComponentCall.CheckCase(source[next].U32, (uint)variant.Cases.Length);
        target.Slice(next, variant.Flat.Length).Clear();
        target[next] = index;
        var payload = next + 1;
        next += variant.Flat.Length;
        if (variant.Cases[(int)index].Type is { } type)
        {
            Flat(type, source, target, ref payload);
        }
    }

    // Both addresses have been checked for the whole value; they are looked up again at each step, for a string or list in between
    // runs the target's realloc.
    private void Memory(ValueType type, uint from, uint to)
    {
        switch (type)
        {
            case PrimitiveType { Kind: Primitive.String }:
                Pair(to, Text(U32(from), U32(from + 4)));
                break;
            case ListType list:
                Pair(to, List(list, U32(from), U32(from + 4)));
                break;
            case PrimitiveType primitive:
                CopyNumber(primitive, from, to);
                break;
            case RecordType record:
                for (var i = 0; i < record.Fields.Length; i++)
                {
                    Memory(record.Fields[i].Type!, from + record.Offsets[i], to + record.Offsets[i]);
                }

                break;
            case VariantType variant:
                var index = ComponentCall.CheckCase(Bits(from, variant.DiscriminantSize), (uint)variant.Cases.Length);
                _read.Slice(from, variant.DiscriminantSize).CopyTo(_write.Slice(to, variant.DiscriminantSize));
                if (variant.Cases[(int)index].Type is { } payload)
                {
                    Memory(payload, from + variant.PayloadOffset, to + variant.PayloadOffset);
                }

                break;
            case FlagsType flags:
                SetBits(to, flags.Size, Bits(from, flags.Size) & Mask(flags));
                break;
            case HandleType handle:
                SetBits(to, 4, Handle(handle, U32(from)));
                break;
            default:
                throw Lifter.Unsupported(type);
        }
    }

    private void CopyNumber(PrimitiveType type, uint from, uint to)
    {
        var source = _read.Slice(from, type.Size);
        var target = _write.Slice(to, type.Size);
        switch (type.Kind)
        {
            case Primitive.Bool:
                target[0] = source[0] == 0 ? (byte)0 : (byte)1;
                break;
            case Primitive.Char:
                Store.Char(target, 0, Load.Char(source, 0));
                break;
            case Primitive.ErrorContext:
                throw Lifter.Unsupported(type);
            default:
                source.CopyTo(target);
                break;
        }
    }

    private (uint Address, uint Length) List(ListType list, uint address, uint length)
    {
        var element = list.Element;
        var size = Math.Max(element.Size, 1);
        _ = _read.Lift(address, (ulong)length * size, element.Alignment);
        var bytes = length * element.Size;
        var target = Allocate(bytes, element.Alignment);
        if (IsNumber(element))
        {
            _read.Slice(address, bytes).CopyTo(_write.Slice(target, bytes));
            return (target, length);
        }

        for (uint i = 0; i < length; i++)
        {
            Memory(element, address + (i * element.Size), target + (i * element.Size));
        }

        return (target, length);
    }

    private readonly uint Handle(HandleType type, uint index)
    {
        var resource = _instance.Canonical(type.Resource);
        if (type.IsOwn)
        {
            var own = _from.Handles.TakeOwn(index, resource);
            return _to.Handles.Add(resource, HandleKind.Own, own.Object, own.Number, null);
        }

        var lent = _scope.Lend(_from.Handles, index, resource);
        return _to.AddBorrow(resource, lent.Object, lent.Number, _scope);
    }

    private uint Allocate(uint size, uint alignment) => Reallocate(0, 0, size, alignment);

    private uint Reallocate(uint old, uint oldSize, ulong size, uint alignment)
    {
        if (size > AbiLimits.BytesMax)
        {
            Violation.TooLong(size);
        }

        var address = _instance.Reallocate(_to, _target, old, oldSize, alignment, (uint)size);
        _ = _write.Slice(address, (uint)size, alignment);
        return address;
    }

    private uint U32(uint address) => Load.U32(_read.Slice(address, 4), 0);

    private uint Bits(uint address, uint size)
    {
        var memory = _read.Slice(address, size);
        return size switch
        {
            1 => memory[0],
            2 => Load.U16(memory, 0),
            _ => Load.U32(memory, 0),
        };
    }

    private void SetBits(uint address, uint size, uint bits)
    {
        var memory = _write.Slice(address, size);
        switch (size)
        {
            case 1:
                memory[0] = (byte)bits;
                break;
            case 2:
                Store.U16(memory, 0, (ushort)bits);
                break;
            default:
                Store.U32(memory, 0, bits);
                break;
        }
    }

    private void Pair(uint address, (uint Address, uint Length) pair)
    {
        var memory = _write.Slice(address, 8);
        Store.U32(memory, 0, pair.Address);
        Store.U32(memory, 4, pair.Length);
    }

    private static (RawValue Address, RawValue Length) Raw((uint Address, uint Length) pair) => (pair.Address, pair.Length);

    private static uint Mask(FlagsType flags) => flags.Labels.Count < 32 ? (1u << flags.Labels.Count) - 1 : uint.MaxValue;

    /// <summary>Whether every bit pattern of the type is a value of it, to be copied as it is.</summary>
    private static bool IsNumber(ValueType type) =>
        type is PrimitiveType { Kind: not (Primitive.String or Primitive.Bool or Primitive.Char or Primitive.ErrorContext) };

    private static RawValue Number(Primitive kind, RawValue source) => kind switch
    {
        Primitive.Bool => source.U32 != 0 ? 1u : 0u,
        Primitive.S8 => (int)(sbyte)source.U32,
        Primitive.U8 => (uint)(byte)source.U32,
        Primitive.S16 => (int)(short)source.U32,
        Primitive.U16 => (uint)(ushort)source.U32,
        Primitive.S64 or Primitive.U64 or Primitive.F64 => source.U64,
        Primitive.Char => (uint)ComponentCall.CheckChar(source.U32).Value,
        Primitive.ErrorContext => throw Lifter.Unsupported(PrimitiveType.ErrorContext),
        _ => source.U32,
    };
}
