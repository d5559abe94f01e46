using System.Runtime.InteropServices;

namespace Skiff.Engine;

/// <summary>
/// A Wasm value without its type: <c>wasmtime_val_raw_t</c>, 16 bytes, the size of the largest value. Who reads it knows the type
/// from the function's. Writing a 32-bit kind clears the bits above it, so that a slot read as 64 bits is the zero-extended value.
/// </summary>
[StructLayout(LayoutKind.Explicit, Size = 16)]
public struct RawValue
{
    [FieldOffset(0)]
    private ulong _bits;

    [FieldOffset(0)]
    private readonly uint _low;

    public static implicit operator RawValue(int value) => new() { I32 = value };

    public static implicit operator RawValue(uint value) => new() { U32 = value };

    public static implicit operator RawValue(long value) => new() { I64 = value };

    public static implicit operator RawValue(ulong value) => new() { U64 = value };

    public static implicit operator RawValue(float value) => new() { F32 = value };

    public static implicit operator RawValue(double value) => new() { F64 = value };

    public int I32
    {
        readonly get => (int)_low;
        set => _bits = (uint)value;
    }

    public uint U32
    {
        readonly get => _low;
        set => _bits = value;
    }

    public long I64
    {
        readonly get => (long)_bits;
        set => _bits = (ulong)value;
    }

    public ulong U64
    {
        readonly get => _bits;
        set => _bits = value;
    }

    public float F32
    {
        readonly get => BitConverter.UInt32BitsToSingle(_low);
        set => _bits = BitConverter.SingleToUInt32Bits(value);
    }

    public double F64
    {
        readonly get => BitConverter.UInt64BitsToDouble(_bits);
        set => _bits = BitConverter.DoubleToUInt64Bits(value);
    }
}
