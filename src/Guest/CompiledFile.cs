using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Skiff.Guest;

/// <summary>
/// What can be told of a file of compiled code without the engine: it is an ELF file (gABI, "ELF header") whose section
/// headers come last, so its length follows from its header. That finds what a full disk or a lost page leaves.
/// </summary>
public static class CompiledFile
{
    private const int HeaderLength = 64;
    private const int SectionTableOffset = 40;
    private const int SectionEntryLength = 58;
    private const int SectionCount = 60;

    /// <summary>Whether bytes begin like compiled code: native code, which is never taken from an image.</summary>
    public static bool IsCompiledCode(ReadOnlySpan<byte> bytes) => bytes.StartsWith("\u007fELF"u8);

    /// <summary>Whether the file has the length that its header promises.</summary>
    internal static bool IsWhole(SafeFileHandle file)
    {
        Span<byte> header = stackalloc byte[HeaderLength];
        if (RandomAccess.Read(file, header, 0) != HeaderLength || !IsCompiledCode(header))
        {
            return false;
        }

        var table = BinaryPrimitives.ReadUInt64LittleEndian(header[SectionTableOffset..]);
        var entries = (ulong)BinaryPrimitives.ReadUInt16LittleEndian(header[SectionEntryLength..])
            * BinaryPrimitives.ReadUInt16LittleEndian(header[SectionCount..]);
        return table + entries == (ulong)RandomAccess.GetLength(file);
    }
}
