using System.Runtime.InteropServices;

namespace Skiff.Engine.Native;

// The C structures of Wasmtime 50.0.1, spelled as its headers spell them. They change between versions without notice;
// Engine.Tests compares each with the managed package of the same version.

/// <summary><c>wasm_byte_vec_t</c>, <c>wasm_name_t</c> and every other <c>wasm_*_vec_t</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Vector
{
    public nuint size;
    public void* data;

    public readonly ReadOnlySpan<byte> Bytes => new(data, checked((int)size));

    public readonly ReadOnlySpan<nint> Pointers => new(data, checked((int)size));
}

/// <summary><c>wasmtime_func_t</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct wasmtime_func_t
{
    public ulong store_id;
    public nint private1;
}

/// <summary><c>wasmtime_instance_t</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct wasmtime_instance_t
{
    public ulong store_id;
    public nuint private1;
}

/// <summary><c>wasmtime_memory_t</c>: a nested structure in C, hence the padding.</summary>
[StructLayout(LayoutKind.Explicit, Size = 24)]
internal struct wasmtime_memory_t
{
    [FieldOffset(0)]
    public ulong store_id;

    [FieldOffset(8)]
    public uint private1;

    [FieldOffset(16)]
    public uint private2;
}

/// <summary><c>wasmtime_extern_t</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 32)]
internal struct wasmtime_extern_t
{
    public const byte Func = 0;
    public const byte Global = 1;
    public const byte Table = 2;
    public const byte Memory = 3;
    public const byte SharedMemory = 4;

    [FieldOffset(0)]
    public byte kind;

    [FieldOffset(8)]
    public wasmtime_func_t func;

    [FieldOffset(8)]
    public wasmtime_memory_t memory;
}

/// <summary><c>wasmtime_val_t</c>.</summary>
[StructLayout(LayoutKind.Explicit, Size = 32)]
internal struct wasmtime_val_t
{
    public const byte I32 = 0;
    public const byte I64 = 1;
    public const byte F32 = 2;
    public const byte F64 = 3;

    [FieldOffset(0)]
    public byte kind;

    [FieldOffset(8)]
    public ulong bits;

    /// <summary>Bits above a 32-bit value are undefined here and zero there.</summary>
    public readonly RawValue Raw => new() { U64 = kind is I32 or F32 ? (uint)bits : bits };

    public static wasmtime_val_t From(ValueKind type, RawValue value) => new() { kind = (byte)type, bits = value.U64 };
}
