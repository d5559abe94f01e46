namespace Skiff.Wasi.Preview1;

/// <summary><c>rights</c>: what a descriptor may be used for.</summary>
[Flags]
internal enum Rights : ulong
{
    None = 0,
    FdDatasync = 1 << 0,
    FdRead = 1 << 1,
    FdSeek = 1 << 2,
    FdFdstatSetFlags = 1 << 3,
    FdSync = 1 << 4,
    FdTell = 1 << 5,
    FdWrite = 1 << 6,
    FdAdvise = 1 << 7,
    FdAllocate = 1 << 8,
    PathCreateDirectory = 1 << 9,
    PathCreateFile = 1 << 10,
    PathLinkSource = 1 << 11,
    PathLinkTarget = 1 << 12,
    PathOpen = 1 << 13,
    FdReaddir = 1 << 14,
    PathReadlink = 1 << 15,
    PathRenameSource = 1 << 16,
    PathRenameTarget = 1 << 17,
    PathFilestatGet = 1 << 18,
    PathFilestatSetSize = 1 << 19,
    PathFilestatSetTimes = 1 << 20,
    FdFilestatGet = 1 << 21,
    FdFilestatSetSize = 1 << 22,
    FdFilestatSetTimes = 1 << 23,
    PathSymlink = 1 << 24,
    PathRemoveDirectory = 1 << 25,
    PathUnlinkFile = 1 << 26,
    PollFdReadwrite = 1 << 27,
    SockShutdown = 1 << 28,
    SockAccept = 1 << 29,

    Directory = PathCreateDirectory | PathCreateFile | PathLinkSource | PathLinkTarget | PathOpen | FdReaddir | PathReadlink
        | PathRenameSource | PathRenameTarget | PathFilestatGet | PathFilestatSetSize | PathFilestatSetTimes | FdFilestatGet
        | FdFilestatSetTimes | FdFdstatSetFlags | FdSync | FdDatasync | FdAdvise | PathSymlink | PathRemoveDirectory | PathUnlinkFile
        | PollFdReadwrite,

    File = FdDatasync | FdRead | FdSeek | FdFdstatSetFlags | FdSync | FdTell | FdWrite | FdAdvise | FdAllocate | FdFilestatGet
        | FdFilestatSetSize | FdFilestatSetTimes | PollFdReadwrite,

    Stream = FdDatasync | FdRead | FdWrite | FdFdstatSetFlags | FdSync | FdFilestatGet | PollFdReadwrite,

    Socket = FdRead | FdWrite | FdFdstatSetFlags | FdFilestatGet | PollFdReadwrite | SockShutdown | SockAccept,

    /// <summary>What needs a descriptor that is open for reading.</summary>
    Reading = FdRead | FdReaddir,

    /// <summary>What needs one that is open for writing.</summary>
    Writing = FdWrite | FdAllocate | FdFilestatSetSize,

    All = Directory | File | Socket,
}
