using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;

namespace Skiff.Components.Host;

/// <summary>CanonicalABI.md, "Storing": the opposite of <see cref="Load"/>, into a span that <see cref="ComponentCall.Memory"/> gave.</summary>
public static class Store
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Bool(Span<byte> memory, int offset, bool value) => memory[offset] = value ? (byte)1 : (byte)0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void U8(Span<byte> memory, int offset, byte value) => memory[offset] = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void S8(Span<byte> memory, int offset, sbyte value) => memory[offset] = (byte)value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void U16(Span<byte> memory, int offset, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(memory[offset..], value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void S16(Span<byte> memory, int offset, short value) => BinaryPrimitives.WriteInt16LittleEndian(memory[offset..], value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void U32(Span<byte> memory, int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(memory[offset..], value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void S32(Span<byte> memory, int offset, int value) => BinaryPrimitives.WriteInt32LittleEndian(memory[offset..], value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void U64(Span<byte> memory, int offset, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(memory[offset..], value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void S64(Span<byte> memory, int offset, long value) => BinaryPrimitives.WriteInt64LittleEndian(memory[offset..], value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void F32(Span<byte> memory, int offset, float value) => BinaryPrimitives.WriteSingleLittleEndian(memory[offset..], value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void F64(Span<byte> memory, int offset, double value) => BinaryPrimitives.WriteDoubleLittleEndian(memory[offset..], value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Char(Span<byte> memory, int offset, Rune value) => U32(memory, offset, (uint)value.Value);
}
