using System.Buffers.Binary;

namespace Skiff.Linux.Files;

/// <summary>One struct linux_dirent64 in a buffer that <see cref="DirectoryCalls.ReadEntries"/> filled.</summary>
public readonly ref struct DirectoryEntry
{
    private const int NextOffset = 8;
    private const int LengthOffset = 16;
    private const int TypeOffset = 18;
    private const int NameOffset = 19;

    private DirectoryEntry(ReadOnlySpan<byte> raw)
    {
        Inode = BinaryPrimitives.ReadUInt64LittleEndian(raw);
        Next = BinaryPrimitives.ReadInt64LittleEndian(raw[NextOffset..]);
        Type = (FileType)raw[TypeOffset];
        var name = raw[NameOffset..];
        Name = name[..name.IndexOf((byte)0)];
    }

    public ulong Inode { get; }

    /// <summary>Where the next entry begins: an opaque number to lseek(2) to.</summary>
    public long Next { get; }

    /// <summary><see cref="FileType.Unknown"/> where the file system does not say.</summary>
    public FileType Type { get; }

    public ReadOnlySpan<byte> Name { get; }

    /// <summary>Takes the first entry off <paramref name="buffer"/>; false when it is empty.</summary>
    public static bool TryRead(scoped ref ReadOnlySpan<byte> buffer, out DirectoryEntry entry)
    {
        if (buffer.IsEmpty)
        {
            entry = default;
            return false;
        }

        var length = BinaryPrimitives.ReadUInt16LittleEndian(buffer[LengthOffset..]);
        entry = new DirectoryEntry(buffer[..length]);
        buffer = buffer[length..];
        return true;
    }
}
