namespace Skiff.Wasi.Files;

/// <summary>What a guest asks of an open: the union of what Preview 1 and 2 can say.</summary>
[Flags]
public enum OpenRequest
{
    None = 0,
    Read = 1,
    Write = 2,
    Create = 4,
    Exclusive = 8,
    Truncate = 0x10,
    Directory = 0x20,
    FollowSymbolicLink = 0x40,
    Append = 0x80,
    DataSynchronous = 0x100,
    Synchronous = 0x200,
    NonBlocking = 0x400,
}
