using System.Globalization;

namespace Skiff.Engine;

/// <summary>A number as Wasm has them.</summary>
/// <param name="Bits">The bit pattern; an i32 or f32 is sign-extended.</param>
public readonly record struct WasmValue(ValueKind Kind, long Bits)
{
    /// <summary>The value as a slot of a call has it.</summary>
    public RawValue Raw => new() { I64 = Kind is ValueKind.I32 or ValueKind.F32 ? (uint)Bits : Bits };

    /// <summary>What a slot holds, read as <paramref name="kind"/>.</summary>
    public static WasmValue From(ValueKind kind, RawValue value) =>
        new(kind, kind is ValueKind.I32 or ValueKind.F32 ? value.I32 : value.I64);

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
