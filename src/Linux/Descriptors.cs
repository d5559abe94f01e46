using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Skiff.Linux;

/// <summary>Descriptors .NET has no way to make. All are close-on-exec.</summary>
public static class Descriptors
{
    /// <summary>A pipe: read end, write end; both blocking.</summary>
    public static (SafeFileHandle Read, SafeFileHandle Write) Pipe() => throw new NotImplementedException();

    /// <summary>A connected stream socket pair: ours as a <see cref="Socket"/>, theirs to be inherited by a child.</summary>
    public static (Socket Ours, SafeFileHandle Theirs) SocketPair() => throw new NotImplementedException();

    /// <summary>
    /// Opens the read end of a FIFO without waiting for a writer; reads block once <paramref name="blocking"/>.
    /// ENOENT and "not a FIFO" are errors that name the path.
    /// </summary>
    public static SafeFileHandle OpenFifoRead(string path, bool blocking) => throw new NotImplementedException();

    /// <summary>Opens the write end of a FIFO for blocking writes. A read end must be open, else ENXIO.</summary>
    public static SafeFileHandle OpenFifoWrite(string path) => throw new NotImplementedException();

    /// <summary>Opens a file to append to, made with mode 0644, its parent folders with 0755.</summary>
    public static SafeFileHandle OpenAppend(string path) => throw new NotImplementedException();

    /// <summary>Anonymous memory file with this content, position 0.</summary>
    public static SafeFileHandle Memory(string name, ReadOnlySpan<byte> content) => throw new NotImplementedException();
}
