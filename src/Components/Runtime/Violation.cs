using System.Diagnostics.CodeAnalysis;
using Skiff.Engine;

namespace Skiff.Components.Runtime;

/// <summary>The ways in which a guest breaks a rule of the canonical ABI; what one may do about it is to mend the guest.</summary>
internal static class Violation
{
    [DoesNotReturn]
    public static void UnknownHandle(uint index) => throw new GuestTrapException($"unknown handle index {index}");

    [DoesNotReturn]
    public static void WrongHandleType(uint index, object expected, object? found) =>
        throw new GuestTrapException($"handle index {index} used with the wrong type: it is a {found}, not a {expected}");

    [DoesNotReturn]
    public static void Borrowed(uint index) =>
        throw new GuestTrapException($"cannot remove owned resource while borrowed: handle index {index}");

    [DoesNotReturn]
    public static void NotOwned(uint index) => throw new GuestTrapException($"handle index {index} is borrowed where an owned one is needed");

    [DoesNotReturn]
    public static void CannotLeave() => throw new GuestTrapException("cannot leave component instance");

    [DoesNotReturn]
    public static void CannotEnter() => throw new GuestTrapException("cannot enter component instance");

    [DoesNotReturn]
    public static void Unaligned(uint address, uint alignment) =>
        throw new GuestTrapException($"unaligned pointer: address {address} is no multiple of {alignment}");

    [DoesNotReturn]
    public static void OutOfBounds(uint address, ulong length, ulong size) =>
        throw new GuestTrapException($"pointer out of bounds of memory: {length} bytes at address {address}, of {size}");

    [DoesNotReturn]
    public static void Discriminant(uint value, uint count) =>
        throw new GuestTrapException($"invalid discriminant {value} of a type with {count} cases");

    [DoesNotReturn]
    public static void Char(uint value) => throw new GuestTrapException($"invalid char 0x{value:x}: not a Unicode scalar value");

    [DoesNotReturn]
    public static void Utf8(int bytes) => throw new GuestTrapException($"invalid utf-8 in a string of {bytes} bytes");

    [DoesNotReturn]
    public static void TooLong(ulong bytes) =>
        throw new GuestTrapException($"a string or list of {bytes} bytes is too long: it exceeds the {Abi.AbiLimits.BytesMax} allowed");

    [DoesNotReturn]
    public static void TooMuch(ulong bytes) =>
        throw new GuestTrapException($"the strings and lists of one call come to {bytes} bytes, more than the guest's memory warrants");
}
