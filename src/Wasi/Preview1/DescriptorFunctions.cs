using System.Buffers.Binary;
using Skiff.Engine;
using Skiff.Linux.Files;
using Skiff.Wasi.Files;

namespace Skiff.Wasi.Preview1;

/// <summary>What is done with a descriptor, but moving bytes.</summary>
internal static class DescriptorFunctions
{
    private const uint FdstatSize = 24;
    private const uint PrestatSize = 8;
    private const uint AdviceMax = 5;

    public static void Define(Preview1Definition functions, bool isUnstable)
    {
        functions.Add("fd_advise", "iIIi", Advise);
        functions.Add("fd_allocate", "iII", static (ref call, state) => On(ref call, state, Rights.FdAllocate, out var file)
            ?? file.Allocate(call.U64(1), call.U64(2)));
        functions.Add("fd_close", "i", static (ref call, state) => state.Close(call.U32(0)));
        functions.Add("fd_datasync", "i", static (ref call, state) => Synchronize(ref call, state, Rights.FdDatasync, dataOnly: true));
        functions.Add("fd_sync", "i", static (ref call, state) => Synchronize(ref call, state, Rights.FdSync, dataOnly: false));
        functions.Add("fd_fdstat_get", "ii", FdstatGet);
        functions.Add("fd_fdstat_set_flags", "ii", FdstatSetFlags);
        functions.Add("fd_fdstat_set_rights", "iII", static (ref call, state) =>
            state.Find(call.U32(0), Rights.None, out var descriptor) is var error && error == WasiErrno.Success
                ? descriptor.Narrow((Rights)call.U64(1), (Rights)call.U64(2))
                : error);
        functions.Add("fd_filestat_get", "ii", isUnstable ? FilestatGetUnstable : FilestatGet);
        functions.Add("fd_filestat_set_size", "iI", static (ref call, state) => On(ref call, state, Rights.FdFilestatSetSize, out var file)
            ?? file.SetSize(call.U64(1)));
        functions.Add("fd_filestat_set_times", "iIIi", FilestatSetTimes);
        functions.Add("fd_prestat_get", "ii", PrestatGet);
        functions.Add("fd_prestat_dir_name", "iii", PrestatDirName);
        functions.Add("fd_renumber", "ii", static (ref call, state) => state.Renumber(call.U32(0), call.U32(1)));
        functions.Add("fd_seek", "iIii", isUnstable ? SeekUnstable : Seek);
        functions.Add("fd_tell", "ii", static (ref call, state) => SeekTo(ref call, state, 0, whence: 1, call.U32(1), Rights.FdTell));
    }

    public static void WriteFilestat(Preview1Memory memory, uint address, in FileStat stat, Filetype type)
    {
        const uint Size = 64;
        var to = memory.Slice(address, Size);
        to.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(to, stat.Device);
        BinaryPrimitives.WriteUInt64LittleEndian(to[8..], stat.Inode);
        to[16] = (byte)type;
        BinaryPrimitives.WriteUInt64LittleEndian(to[24..], stat.Links);
        BinaryPrimitives.WriteUInt64LittleEndian(to[32..], stat.Size);
        WriteTimes(to[40..], stat);
    }

    /// <summary>Preview 0 has a 32-bit count of links, and so everything behind it 8 bytes earlier.</summary>
    public static void WriteFilestatUnstable(Preview1Memory memory, uint address, in FileStat stat, Filetype type)
    {
        const uint Size = 56;
        var to = memory.Slice(address, Size);
        to.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(to, stat.Device);
        BinaryPrimitives.WriteUInt64LittleEndian(to[8..], stat.Inode);
        to[16] = (byte)type;
        BinaryPrimitives.WriteUInt32LittleEndian(to[20..], (uint)Math.Min(stat.Links, uint.MaxValue));
        BinaryPrimitives.WriteUInt64LittleEndian(to[24..], stat.Size);
        WriteTimes(to[32..], stat);
    }

    private static void WriteTimes(Span<byte> to, in FileStat stat)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(to, Clamp(stat.AccessTime));
        BinaryPrimitives.WriteUInt64LittleEndian(to[8..], Clamp(stat.ModificationTime));
        BinaryPrimitives.WriteUInt64LittleEndian(to[16..], Clamp(stat.ChangeTime));
    }

    // Times before 1970 exist on disks, but not in WASI.
    private static ulong Clamp(Int128 time) => (ulong)Int128.Clamp(time, 0, ulong.MaxValue);

    /// <summary>The file to work on; else the answer.</summary>
    private static WasiErrno? On(ref HostCall call, Preview1State state, Rights needed, out FileDescriptor file)
    {
        var error = state.FindFile(call.U32(0), needed, WasiErrno.BadDescriptor, out file);
        return error == WasiErrno.Success ? null : error;
    }

    private static WasiErrno Advise(ref HostCall call, Preview1State state)
    {
        var advice = call.U32(3);
        if (advice > AdviceMax)
        {
            return WasiErrno.Invalid;
        }

        // WASI: normal, sequential, random, …; Linux: normal, random, sequential, …
        var native = advice switch { 1 => 2, 2 => 1, _ => (int)advice };
        return On(ref call, state, Rights.FdAdvise, out var file) ?? file.Advise(call.U64(1), call.U64(2), native);
    }

    private static WasiErrno Synchronize(ref HostCall call, Preview1State state, Rights needed, bool dataOnly)
    {
        var error = state.Find(call.U32(0), needed, out var descriptor);
        return error == WasiErrno.Success && descriptor is OpenFile open ? open.File.Synchronize(dataOnly) : error;
    }

    private static WasiErrno FdstatGet(ref HostCall call, Preview1State state)
    {
        var error = state.Find(call.U32(0), Rights.None, out var descriptor);
        if (error != WasiErrno.Success)
        {
            return error;
        }

        var to = call.Memory1().Slice(call.U32(1), FdstatSize);
        to.Clear();
        to[0] = (byte)descriptor.Type;
        BinaryPrimitives.WriteUInt16LittleEndian(to[2..], (ushort)descriptor.Flags);
        BinaryPrimitives.WriteUInt64LittleEndian(to[8..], (ulong)descriptor.Rights);
        BinaryPrimitives.WriteUInt64LittleEndian(to[16..], (ulong)descriptor.Inheriting);
        return WasiErrno.Success;
    }

    private static WasiErrno FdstatSetFlags(ref HostCall call, Preview1State state)
    {
        var flags = call.U32(1);
        if ((flags & ~(uint)FdFlags.All) != 0)
        {
            return WasiErrno.Invalid;
        }

        var error = state.Find(call.U32(0), Rights.FdFdstatSetFlags, out var descriptor);
        return error == WasiErrno.Success ? descriptor.SetFlags((FdFlags)flags) : error;
    }

    private static WasiErrno FilestatGet(ref HostCall call, Preview1State state)
    {
        var error = Filestat(ref call, state, out var stat, out var type);
        if (error == WasiErrno.Success)
        {
            WriteFilestat(call.Memory1(), call.U32(1), stat, type);
        }

        return error;
    }

    private static WasiErrno FilestatGetUnstable(ref HostCall call, Preview1State state)
    {
        var error = Filestat(ref call, state, out var stat, out var type);
        if (error == WasiErrno.Success)
        {
            WriteFilestatUnstable(call.Memory1(), call.U32(1), stat, type);
        }

        return error;
    }

    private static WasiErrno Filestat(ref HostCall call, Preview1State state, out FileStat stat, out Filetype type)
    {
        stat = default;
        type = Filetype.Unknown;
        var error = state.Find(call.U32(0), Rights.FdFilestatGet, out var descriptor);
        if (error != WasiErrno.Success)
        {
            return error;
        }

        type = descriptor.Type;
        return descriptor is OpenFile open ? open.File.Stat(out stat) : WasiErrno.Success;
    }

    private static WasiErrno FilestatSetTimes(ref HostCall call, Preview1State state)
    {
        var error = Preview1Words.TryTimes(call.U64(1), call.U64(2), (FstFlags)call.U32(3), out var access, out var modification);
        return error != WasiErrno.Success
            ? error
            : On(ref call, state, Rights.FdFilestatSetTimes, out var file) ?? file.SetTimes(access, modification);
    }

    private static WasiErrno PrestatGet(ref HostCall call, Preview1State state)
    {
        var error = state.Find(call.U32(0), Rights.None, out var descriptor);
        if (error != WasiErrno.Success)
        {
            return error;
        }

        if (descriptor is not OpenFile { PreopenName: { } name })
        {
            return WasiErrno.BadDescriptor;
        }

        // Tag 0: a directory; nothing else was ever defined.
        var to = call.Memory1().Slice(call.U32(1), PrestatSize);
        to.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(to[4..], (uint)name.Length);
        return WasiErrno.Success;
    }

    private static WasiErrno PrestatDirName(ref HostCall call, Preview1State state)
    {
        var error = state.Find(call.U32(0), Rights.None, out var descriptor);
        if (error != WasiErrno.Success)
        {
            return error;
        }

        if (descriptor is not OpenFile { PreopenName: { } name })
        {
            return WasiErrno.NotDirectory;
        }

        if (call.U32(2) < name.Length)
        {
            return WasiErrno.NameTooLong;
        }

        name.Span.CopyTo(call.Memory1().Slice(call.U32(1), (uint)name.Length));
        return WasiErrno.Success;
    }

    private static WasiErrno Seek(ref HostCall call, Preview1State state) =>
        SeekTo(ref call, state, call.I64(1), call.U32(2), call.U32(3), Rights.FdSeek);

    // Preview 0 counts: current 0, end 1, set 2.
    private static WasiErrno SeekUnstable(ref HostCall call, Preview1State state)
    {
        var whence = call.U32(2) switch { 0 => 1u, 1 => 2u, 2 => 0u, var other => other };
        return SeekTo(ref call, state, call.I64(1), whence, call.U32(3), Rights.FdSeek);
    }

    private static WasiErrno SeekTo(ref HostCall call, Preview1State state, long offset, uint whence, uint result, Rights needed)
    {
        const uint WhenceMax = 2;
        const uint Current = 1;
        if (whence > WhenceMax)
        {
            return WasiErrno.Invalid;
        }

        // To learn where one stands takes the lesser right.
        needed = offset == 0 && whence == Current ? Rights.FdTell : needed;
        var error = state.FindFile(call.U32(0), needed, WasiErrno.InvalidSeek, out var file);
        if (error != WasiErrno.Success)
        {
            return error;
        }

        var memory = call.Memory1();
        memory.Slice(result, sizeof(ulong));
        error = file.Seek(offset, (int)whence, out var position);
        if (error == WasiErrno.Success)
        {
            memory.Write(result, position);
        }

        return error;
    }
}
