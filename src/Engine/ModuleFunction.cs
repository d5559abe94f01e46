using System.Globalization;
using Skiff.Engine.Native;

namespace Skiff.Engine;

/// <summary>A function of an instance. Lives as long as its store.</summary>
public sealed unsafe class ModuleFunction
{
    private readonly WasmStore _store;
    private wasmtime_func_t _function;

    internal ModuleFunction(WasmStore store, wasmtime_func_t function) => (_store, _function) = (store, function);

    /// <summary>Runs the function on this thread until it returns or ends otherwise.</summary>
    /// <param name="arguments">As many and of such kinds as the function's type has parameters; the engine checks it.</param>
    /// <param name="results">Exactly as long as the function's type has results.</param>
    /// <returns>Null when it returned.</returns>
    public CallEnd? Call(ReadOnlySpan<WasmValue> arguments, Span<WasmValue> results)
    {
        var native = new wasmtime_val_t[arguments.Length + results.Length];
        for (var i = 0; i < arguments.Length; i++)
        {
            native[i] = new wasmtime_val_t { kind = (byte)arguments[i].Kind, i64 = arguments[i].Bits };
        }

        nint error, trap = 0;
        fixed (wasmtime_func_t* function = &_function)
        fixed (wasmtime_val_t* values = native)
        {
            error = ModuleApi.wasmtime_func_call(
                _store.Context,
                function,
                values,
                (nuint)arguments.Length,
                values + arguments.Length,
                (nuint)results.Length,
                &trap);
        }

        if (error != 0 || trap != 0)
        {
            return error != 0 ? CallEnd.FromError(error) : CallEnd.FromTrap(trap);
        }

        for (var i = 0; i < results.Length; i++)
        {
            var value = native[arguments.Length + i];
            results[i] = new WasmValue(
                value.kind <= (byte)ValueKind.F64 ? (ValueKind)value.kind : ValueKind.Other,
                value.kind is wasmtime_val_t.I32 or wasmtime_val_t.F32 ? value.i32 : value.i64);
        }

        return null;
    }
}

/// <summary>A number as Wasm has them.</summary>
/// <param name="Bits">The bit pattern; an i32 or f32 is sign-extended.</param>
public readonly record struct WasmValue(ValueKind Kind, long Bits)
{
    /// <summary>Reads a number as people type it: decimal or 0x hexadecimal integers, signed or unsigned; any float.</summary>
    public static bool TryParse(string text, ValueKind kind, out WasmValue value)
    {
        value = default;
        switch (kind)
        {
            case ValueKind.I32 when TryParseInteger(text, 32, out var number):
                value = new WasmValue(kind, (int)number);
                return true;
            case ValueKind.I64 when TryParseInteger(text, 64, out var number):
                value = new WasmValue(kind, number);
                return true;
            case ValueKind.F32 when float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number):
                value = new WasmValue(kind, BitConverter.SingleToInt32Bits(number));
                return true;
            case ValueKind.F64 when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number):
                value = new WasmValue(kind, BitConverter.DoubleToInt64Bits(number));
                return true;
            default:
                return false;
        }
    }

    public override string ToString() => Kind switch
    {
        ValueKind.I32 => ((int)Bits).ToString(CultureInfo.InvariantCulture),
        ValueKind.I64 => Bits.ToString(CultureInfo.InvariantCulture),
        ValueKind.F32 => BitConverter.Int32BitsToSingle((int)Bits).ToString(CultureInfo.InvariantCulture),
        ValueKind.F64 => BitConverter.Int64BitsToDouble(Bits).ToString(CultureInfo.InvariantCulture),
        _ => "<ref or v128>",
    };

    private static bool TryParseInteger(string text, int bits, out long number)
    {
        var signed = text.StartsWith('-');
        if (signed)
        {
            return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number)
                && (bits == 64 || number >= int.MinValue);
        }

        var parsed = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? ulong.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unsigned)
            : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out unsigned);
        number = (long)unsigned;
        return parsed && (bits == 64 || unsigned <= uint.MaxValue);
    }
}
