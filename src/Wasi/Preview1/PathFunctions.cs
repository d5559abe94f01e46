using Skiff.Engine;
using Skiff.Linux.Files;
using Skiff.Wasi.Files;

namespace Skiff.Wasi.Preview1;

/// <summary>What is done with a path beneath a directory.</summary>
internal static class PathFunctions
{
    private const uint SymlinkFollow = 1;

    public static void Define(Preview1Definition functions, bool isUnstable)
    {
        functions.Add("path_create_directory", "iii", static (ref call, state) =>
            On(ref call, state, Rights.PathCreateDirectory, out var directory) ?? directory.File.CreateDirectoryAt(Path(ref call, 1)));
        functions.Add("path_filestat_get", "iiiii", isUnstable ? FilestatGetUnstable : FilestatGet);
        functions.Add("path_filestat_set_times", "iiiiIIi", FilestatSetTimes);
        functions.Add("path_link", "iiiiiii", Link);
        functions.Add("path_open", "iiiiiIIii", Open);
        functions.Add("path_readlink", "iiiiii", ReadLink);
        functions.Add("path_remove_directory", "iii", static (ref call, state) =>
            On(ref call, state, Rights.PathRemoveDirectory, out var directory) ?? directory.File.RemoveDirectoryAt(Path(ref call, 1)));
        functions.Add("path_rename", "iiiiii", Rename);
        functions.Add("path_symlink", "iiiii", SymbolicLink);
        functions.Add("path_unlink_file", "iii", static (ref call, state) =>
            On(ref call, state, Rights.PathUnlinkFile, out var directory) ?? directory.File.UnlinkFileAt(Path(ref call, 1)));
    }

    private static ReadOnlySpan<byte> Path(ref HostCall call, int parameter) =>
        call.Memory1().Slice(call.U32(parameter), call.U32(parameter + 1));

    /// <summary>The directory that parameter 0 names; else the answer.</summary>
    private static WasiErrno? On(ref HostCall call, Preview1State state, Rights needed, out OpenFile directory)
    {
        var error = state.FindDirectory(call.U32(0), needed, out directory);
        return error == WasiErrno.Success ? null : error;
    }

    private static bool Follows(uint lookupFlags) => (lookupFlags & SymlinkFollow) != 0;

    private static WasiErrno FilestatGet(ref HostCall call, Preview1State state)
    {
        var error = Filestat(ref call, state, out var stat);
        if (error == WasiErrno.Success)
        {
            DescriptorFunctions.WriteFilestat(call.Memory1(), call.U32(4), stat, Preview1Words.Of(stat.Type));
        }

        return error;
    }

    private static WasiErrno FilestatGetUnstable(ref HostCall call, Preview1State state)
    {
        var error = Filestat(ref call, state, out var stat);
        if (error == WasiErrno.Success)
        {
            DescriptorFunctions.WriteFilestatUnstable(call.Memory1(), call.U32(4), stat, Preview1Words.Of(stat.Type));
        }

        return error;
    }

    private static WasiErrno Filestat(ref HostCall call, Preview1State state, out FileStat stat)
    {
        stat = default;
        return On(ref call, state, Rights.PathFilestatGet, out var directory)
            ?? directory.File.StatAt(Path(ref call, 2), Follows(call.U32(1)), out stat);
    }

    private static WasiErrno FilestatSetTimes(ref HostCall call, Preview1State state)
    {
        var error = Preview1Words.TryTimes(call.U64(4), call.U64(5), (FstFlags)call.U32(6), out var access, out var modification);
        return error != WasiErrno.Success
            ? error
            : On(ref call, state, Rights.PathFilestatSetTimes, out var directory)
                ?? directory.File.SetTimesAt(Path(ref call, 2), Follows(call.U32(1)), access, modification);
    }

    private static WasiErrno Link(ref HostCall call, Preview1State state)
    {
        if (On(ref call, state, Rights.PathLinkSource, out var source) is { } refusal)
        {
            return refusal;
        }

        var error = state.FindDirectory(call.U32(4), Rights.PathLinkTarget, out var target);
        return error == WasiErrno.Success
            ? source.File.LinkAt(Path(ref call, 2), Follows(call.U32(1)), target.File, Path(ref call, 5))
            : error;
    }

    private static WasiErrno Rename(ref HostCall call, Preview1State state)
    {
        if (On(ref call, state, Rights.PathRenameSource, out var source) is { } refusal)
        {
            return refusal;
        }

        var error = state.FindDirectory(call.U32(3), Rights.PathRenameTarget, out var target);
        return error == WasiErrno.Success ? source.File.RenameAt(Path(ref call, 1), target.File, Path(ref call, 4)) : error;
    }

    private static WasiErrno SymbolicLink(ref HostCall call, Preview1State state)
    {
        var error = state.FindDirectory(call.U32(2), Rights.PathSymlink, out var directory);
        return error == WasiErrno.Success ? directory.File.CreateSymbolicLinkAt(Path(ref call, 0), Path(ref call, 3)) : error;
    }

    private static WasiErrno ReadLink(ref HostCall call, Preview1State state)
    {
        if (On(ref call, state, Rights.PathReadlink, out var directory) is { } refusal)
        {
            return refusal;
        }

        var memory = call.Memory1();
        var buffer = memory.Slice(call.U32(3), call.U32(4));
        memory.Slice(call.U32(5), sizeof(uint));
        var error = directory.File.ReadSymbolicLinkAt(Path(ref call, 1), buffer, out var count);
        if (error == WasiErrno.Success)
        {
            memory.Write(call.U32(5), (uint)count);
        }

        return error;
    }

    private static WasiErrno Open(ref HostCall call, Preview1State state)
    {
        var (oflags, fdflags) = (call.U32(4), call.U32(7));
        if ((oflags & ~(uint)OFlags.All) != 0 || (fdflags & ~(uint)FdFlags.All) != 0)
        {
            return WasiErrno.Invalid;
        }

        var needed = Rights.PathOpen;
        needed |= (oflags & (uint)OFlags.Creat) != 0 ? Rights.PathCreateFile : Rights.None;
        needed |= (oflags & (uint)OFlags.Trunc) != 0 ? Rights.PathFilestatSetSize : Rights.None;
        if (On(ref call, state, needed, out var directory) is { } refusal)
        {
            return refusal;
        }

        // Libraries ask for every right there is and take what they get (Go: that of setting sizes, to read); only these two
        // change how a file is opened.
        var rights = (Rights)call.U64(5);
        if ((rights & ~directory.Inheriting & (Rights.FdRead | Rights.FdWrite)) != 0)
        {
            return WasiErrno.NotCapable;
        }

        var request = Preview1Words.Of((OFlags)oflags) | Preview1Words.Of((FdFlags)fdflags);
        request |= (rights & Rights.FdRead) != 0 ? OpenRequest.Read : OpenRequest.None;
        request |= (rights & Rights.FdWrite) != 0 ? OpenRequest.Write : OpenRequest.None;
        request |= Follows(call.U32(1)) ? OpenRequest.FollowSymbolicLink : OpenRequest.None;
        var memory = call.Memory1();
        memory.Slice(call.U32(8), sizeof(uint));
        var error = directory.File.Open(Path(ref call, 2), request, out var opened);
        if (error == WasiErrno.Success)
        {
            memory.Write(call.U32(8), state.Add(new OpenFile(opened!, directory.Inheriting)));
        }

        return error;
    }
}
