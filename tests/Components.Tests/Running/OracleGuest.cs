using Skiff.Components.Abi;
using Skiff.Components.Types;
using Oracle = Wasmtime.Components;

namespace Skiff.Components.Tests.Running;

/// <summary>A component in Wasmtime's own component runtime.</summary>
internal sealed class OracleGuest : IDisposable
{
    private static readonly Wasmtime.Engine Engine = new();

    private readonly Oracle.Component _component;
    private readonly Oracle.ComponentLinker _linker;
    private readonly Wasmtime.Store _store;
    private readonly Oracle.ComponentInstance _instance;

    public OracleGuest(string text, Action<Oracle.ComponentLinkerInstance>? imports = null)
    {
        _component = Oracle.Component.FromText(Engine, text);
        _linker = new Oracle.ComponentLinker(Engine);
        using (var root = _linker.Root())
        {
            imports?.Invoke(root);
        }

        _store = new Wasmtime.Store(Engine);
        _instance = _linker.Instantiate(_store, _component);
    }

    /// <summary>Why the last <see cref="TryCall"/> failed.</summary>
    public string? Failure { get; private set; }

    public Oracle.ComponentValue? Call(string function, params Oracle.ComponentValue[] arguments) =>
        _instance.GetFunction(function)!.Call(arguments);

    /// <summary>Null where the guest trapped.</summary>
    public Oracle.ComponentValue? TryCall(string function, params Oracle.ComponentValue[] arguments)
    {
        try
        {
            return Call(function, arguments);
        }
        catch (Wasmtime.WasmtimeException trap)
        {
            Failure = trap.Message;
            return null;
        }
    }

    /// <summary>A value of ours as one of theirs, which knows labels.</summary>
    public static Oracle.ComponentValue Convert(ValueType type, ComponentValue value) => type switch
    {
        PrimitiveType primitive => Number(primitive.Kind, value),
        ListType list => Oracle.ComponentValue.List([.. value.AsList.Select(element => Convert(list.Element, element))]),
        RecordType { IsTuple: true } tuple => Oracle.ComponentValue.Tuple(
            [.. value.AsRecord.Select((field, i) => Convert(tuple.Fields[i].Type!, field))]),
        RecordType record => Oracle.ComponentValue.Record([.. value.AsRecord.Select((field, i) =>
            new KeyValuePair<string, Oracle.ComponentValue>(record.Fields[i].Label, Convert(record.Fields[i].Type!, field)))]),
        VariantType variant => Case(variant, value),
        FlagsType flags => Oracle.ComponentValue.Flags([.. flags.Labels.Where((_, i) => ((value.AsFlags >> i) & 1) != 0)]),
        _ => throw new InvalidOperationException(type.ToString()),
    };

    public void Dispose()
    {
        _store.Dispose();
        _linker.Dispose();
        _component.Dispose();
    }

    private static Oracle.ComponentValue Case(VariantType variant, ComponentValue value)
    {
        var (label, type) = variant.Cases[(int)value.Case];
        var payload = type is null ? null : Convert(type, value.Payload!.Value);
        return variant.Form switch
        {
            VariantForm.Option => payload is null ? Oracle.ComponentValue.None() : Oracle.ComponentValue.Some(payload),
            VariantForm.Result => value.Case == 0 ? Oracle.ComponentValue.Ok(payload) : Oracle.ComponentValue.Err(payload),
            VariantForm.Enum => Oracle.ComponentValue.Enum(label),
            _ => Oracle.ComponentValue.Variant(label, payload),
        };
    }

    private static Oracle.ComponentValue Number(Primitive kind, ComponentValue value) => kind switch
    {
        Primitive.Bool => Oracle.ComponentValue.Bool(value.AsBool),
        Primitive.S8 => Oracle.ComponentValue.S8((sbyte)value.Bits),
        Primitive.U8 => Oracle.ComponentValue.U8((byte)value.Bits),
        Primitive.S16 => Oracle.ComponentValue.S16((short)value.Bits),
        Primitive.U16 => Oracle.ComponentValue.U16((ushort)value.Bits),
        Primitive.S32 => Oracle.ComponentValue.S32(value.AsS32),
        Primitive.U32 => Oracle.ComponentValue.U32(value.AsU32),
        Primitive.S64 => Oracle.ComponentValue.S64(value.AsS64),
        Primitive.U64 => Oracle.ComponentValue.U64(value.AsU64),
        Primitive.F32 => Oracle.ComponentValue.F32(value.AsF32),
        Primitive.F64 => Oracle.ComponentValue.F64(value.AsF64),
        Primitive.Char => Oracle.ComponentValue.Char(value.AsChar),
        _ => Oracle.ComponentValue.String(value.AsString),
    };
}
