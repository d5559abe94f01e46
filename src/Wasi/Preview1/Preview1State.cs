using Skiff.Wasi.Files;

namespace Skiff.Wasi.Preview1;

/// <summary>A guest's descriptor numbers: all that Preview 1 has beside the state that all versions share.</summary>
internal sealed class Preview1State : IDisposable
{
    private readonly List<OpenDescriptor?> _numbers = [];
    private int _free;

    public Preview1State(WasiState wasi)
    {
        Wasi = wasi;
        var stdio = wasi.Stdio;
        _numbers.Add(new OpenInput(stdio.Input, stdio.IsInputTerminal));
        _numbers.Add(new OpenOutput(stdio.Output, stdio.IsOutputTerminal));
        _numbers.Add(new OpenOutput(stdio.Error, stdio.IsErrorTerminal));
        foreach (var directory in wasi.Files.Directories)
        {
            // The file system's own descriptor, opened once more: the guest may close its number.
            if (directory.Open(out var opened) == WasiErrno.Success)
            {
                _numbers.Add(new OpenFile(opened!, Rights.All, directory.GuestName));
            }
        }

        // Behind the directories: libraries look for those from 3 on, and stop at the first number that is none.
        foreach (var listener in wasi.Sockets.TakeListeners())
        {
            _numbers.Add(new OpenSocket(listener));
        }

        _free = _numbers.Count;
    }

    public WasiState Wasi { get; }

    /// <summary>The descriptor, if it is open and has all of these rights.</summary>
    public WasiErrno Find(uint number, Rights needed, out OpenDescriptor descriptor)
    {
        descriptor = null!;
        if (number >= _numbers.Count || _numbers[(int)number] is not { } found)
        {
            return WasiErrno.BadDescriptor;
        }

        descriptor = found;
        return (found.Rights & needed) == needed ? WasiErrno.Success : WasiErrno.NotCapable;
    }

    /// <summary>The same for what only files and directories have. Standard streams and sockets have no position and no times.</summary>
    public WasiErrno FindFile(uint number, Rights needed, WasiErrno otherwise, out FileDescriptor file)
    {
        file = null!;
        var error = Find(number, Rights.None, out var descriptor);
        if (error != WasiErrno.Success)
        {
            return error;
        }

        if (descriptor is not OpenFile open)
        {
            return otherwise;
        }

        file = open.File;
        return (descriptor.Rights & needed) == needed ? WasiErrno.Success : NotAllowed(open, needed);
    }

    /// <summary>A directory that paths are relative to.</summary>
    public WasiErrno FindDirectory(uint number, Rights needed, out OpenFile directory)
    {
        directory = null!;
        var error = Find(number, Rights.None, out var descriptor);
        if (error != WasiErrno.Success)
        {
            return error;
        }

        if (descriptor is not OpenFile { File.IsDirectory: true } open)
        {
            return WasiErrno.NotDirectory;
        }

        directory = open;
        return (descriptor.Rights & needed) == needed ? WasiErrno.Success : WasiErrno.NotCapable;
    }

    /// <summary>Gives the lowest free number.</summary>
    public uint Add(OpenDescriptor descriptor)
    {
        while (_free < _numbers.Count && _numbers[_free] is not null)
        {
            _free++;
        }

        if (_free == _numbers.Count)
        {
            _numbers.Add(descriptor);
        }
        else
        {
            _numbers[_free] = descriptor;
        }

        return (uint)_free++;
    }

    public WasiErrno Close(uint number)
    {
        var error = Find(number, Rights.None, out var descriptor);
        if (error == WasiErrno.Success)
        {
            _numbers[(int)number] = null;
            _free = Math.Min(_free, (int)number);
            descriptor.Dispose();
        }

        return error;
    }

    /// <summary>Moves a descriptor to another open number, which is closed.</summary>
    public WasiErrno Renumber(uint from, uint to)
    {
        var error = Find(from, Rights.None, out var descriptor);
        if (error == WasiErrno.Success)
        {
            error = Find(to, Rights.None, out var replaced);
            if (error == WasiErrno.Success && from != to)
            {
                replaced.Dispose();
                _numbers[(int)to] = descriptor;
                _numbers[(int)from] = null;
                _free = Math.Min(_free, (int)from);
            }
        }

        return error;
    }

    public void Dispose()
    {
        foreach (var descriptor in _numbers)
        {
            descriptor?.Dispose();
        }

        _numbers.Clear();
    }

    // A directory is no file to read, seek or cut; POSIX says so in other words than "not capable".
    private static WasiErrno NotAllowed(OpenFile open, Rights needed)
    {
        if (open.File.IsDirectory && (needed & (Rights.File & ~Rights.Directory)) != 0)
        {
            return WasiErrno.BadDescriptor;
        }

        if (open.File.IsStream && (needed & (Rights.FdSeek | Rights.FdTell)) != 0)
        {
            return WasiErrno.InvalidSeek;
        }

        return (needed & (Rights.FdRead | Rights.FdWrite)) != 0 ? WasiErrno.BadDescriptor : WasiErrno.NotCapable;
    }
}
