using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;

namespace Skiff.Components.Host;

/// <summary>
/// CanonicalABI.md, "Loading": values at offsets of a span that <see cref="ComponentCall"/> has checked. Offsets come from the type's
/// layout, so one outside the span is a fault of the binding, not of the guest.
/// </summary>
public static class Load
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Bool(ReadOnlySpan<byte> memory, int offset) => memory[offset] != 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte U8(ReadOnlySpan<byte> memory, int offset) => memory[offset];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static sbyte S8(ReadOnlySpan<byte> memory, int offset) => (sbyte)memory[offset];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort U16(ReadOnlySpan<byte> memory, int offset) => BinaryPrimitives.ReadUInt16LittleEndian(memory[offset..]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static short S16(ReadOnlySpan<byte> memory, int offset) => BinaryPrimitives.ReadInt16LittleEndian(memory[offset..]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint U32(ReadOnlySpan<byte> memory, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(memory[offset..]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int S32(ReadOnlySpan<byte> memory, int offset) => BinaryPrimitives.ReadInt32LittleEndian(memory[offset..]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong U64(ReadOnlySpan<byte> memory, int offset) => BinaryPrimitives.ReadUInt64LittleEndian(memory[offset..]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long S64(ReadOnlySpan<byte> memory, int offset) => BinaryPrimitives.ReadInt64LittleEndian(memory[offset..]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float F32(ReadOnlySpan<byte> memory, int offset) => BinaryPrimitives.ReadSingleLittleEndian(memory[offset..]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double F64(ReadOnlySpan<byte> memory, int offset) => BinaryPrimitives.ReadDoubleLittleEndian(memory[offset..]);

    /// <exception cref="Engine.GuestTrapException">Not a Unicode scalar value.</exception>
    public static Rune Char(ReadOnlySpan<byte> memory, int offset) => ComponentCall.CheckChar(U32(memory, offset));
}
