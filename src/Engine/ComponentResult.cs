using System.Globalization;
using System.Text;
using Skiff.Engine.Native;

namespace Skiff.Engine;

/// <summary>What a component's function returned, as far as a command line needs it.</summary>
/// <param name="IsError">It returned the error side of a <c>result</c>.</param>
/// <param name="Text">A scalar, text, or (in WIT's words) what kind of value it was; null if nothing was returned.</param>
public readonly record struct ComponentResult(bool IsError, string? Text)
{
    public static ComponentResult None => default;

    // wasmtime_component_valkind_t.
    private enum Kind : byte
    {
        Bool, S8, U8, S16, U16, S32, U32, S64, U64, F32, F64, Char, String, List, Record, Tuple, Variant, Enum, Option, Result,
    }

    internal static unsafe ComponentResult Take(wasmtime_component_val_t* value)
    {
        var result = (Kind)value->kind == Kind.Result
            ? new ComponentResult((byte)value->bits == 0, value->payload is null ? null : Describe(value->payload))
            : new ComponentResult(false, Describe(value));
        ComponentApi.wasmtime_component_val_delete(value);
        return result;
    }

    private static unsafe string Describe(wasmtime_component_val_t* value) => (Kind)value->kind switch
    {
        Kind.Bool => (byte)value->bits != 0 ? "true" : "false",
        Kind.S8 => Number((sbyte)value->bits),
        Kind.U8 => Number((byte)value->bits),
        Kind.S16 => Number((short)value->bits),
        Kind.U16 => Number((ushort)value->bits),
        Kind.S32 => Number((int)value->bits),
        Kind.U32 => Number((uint)value->bits),
        Kind.S64 => Number((long)value->bits),
        Kind.U64 => value->bits.ToString(CultureInfo.InvariantCulture),
        Kind.F32 => value->f32.ToString(CultureInfo.InvariantCulture),
        Kind.F64 => value->f64.ToString(CultureInfo.InvariantCulture),
        Kind.Char => new Rune((uint)value->bits).ToString(),
        Kind.String or Kind.Enum => Encoding.UTF8.GetString(value->vector.Bytes),
        Kind.Result => (byte)value->bits != 0 ? "ok" : "error",
        _ => $"<{((Kind)value->kind).ToString().ToLowerInvariant()}>",
    };

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
