namespace Skiff.Linux.Files;

/// <summary>How to open a file: open(2)'s flags without their processor-dependent values. Close-on-exec and no-ctty always.</summary>
[Flags]
public enum OpenFlags
{
    None = 0,
    Read = 1,
    Write = 2,
    Create = 4,
    Exclusive = 8,
    Truncate = 0x10,
    Append = 0x20,
    Directory = 0x40,
    NoFollow = 0x80,
    Synchronous = 0x100,
    DataSynchronous = 0x200,
    NonBlocking = 0x400,

    /// <summary>Only names the place (O_PATH): nothing of the file is touched, and access rights to it are not needed.</summary>
    PathOnly = 0x800,
}
