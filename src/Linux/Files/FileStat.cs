namespace Skiff.Linux.Files;

/// <summary>The types of a file (inode(7), S_IFMT shifted down: the same numbers that a directory entry's d_type has).</summary>
public enum FileType : byte
{
    Unknown = 0,
    Fifo = 1,
    CharacterDevice = 2,
    Directory = 4,
    BlockDevice = 6,
    Regular = 8,
    SymbolicLink = 10,
    Socket = 12,
}

/// <summary>What statx(2) says of a file. Times are nanoseconds since 1970.</summary>
public readonly record struct FileStat(
    ulong Device,
    ulong Inode,
    FileType Type,
    ulong Links,
    ulong Size,
    Int128 AccessTime,
    Int128 ModificationTime,
    Int128 ChangeTime);
