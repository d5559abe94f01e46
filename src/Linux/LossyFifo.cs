using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Skiff.Linux;

/// <summary>
/// The write end of a FIFO whose reader may be slow or away: nothing waits for it, what it cannot take is dropped. Opened anew
/// when a reader has come back. Not for use by several threads at once.
/// </summary>
public sealed class LossyFifo(string path) : IDisposable
{
    /// <summary>Up to this size (PIPE_BUF) a piece is taken as a whole or not at all.</summary>
    public const int WholeBytesMax = 4096;

    private SafeFileHandle? _end;

    public string Path { get; } = path;

    /// <summary>False when it was dropped: no reader, no room, no such FIFO.</summary>
    public bool TryWrite(ReadOnlySpan<byte> piece)
    {
        // One second chance: the reader we knew is gone, and another may have come since.
        return TryWriteOnce(piece) || (_end is null && TryWriteOnce(piece));
    }

    public void Dispose() => Close();

    private unsafe bool TryWriteOnce(ReadOnlySpan<byte> piece)
    {
        if (_end is null && !TryOpen())
        {
            return false;
        }

        nint written;
        fixed (byte* start = piece)
        {
            written = Libc.write(_end!, start, (nuint)piece.Length);
        }

        if (written == piece.Length)
        {
            return true;
        }

        if (Marshal.GetLastPInvokeError() != Errno.EAGAIN)
        {
            Close();
        }

        return false;
    }

    private bool TryOpen()
    {
        // ENXIO (nobody reads) and ENOENT (the folder is gone) are everyday matters here.
        var descriptor = Libc.Open(Path, Libc.O_WRONLY | Libc.O_NONBLOCK);
        if (descriptor < 0)
        {
            return false;
        }

        _end = new SafeFileHandle(descriptor, ownsHandle: true);
        if (FileStatus.Is(FileStatus.Mode(_end, Path), FileStatus.Fifo))
        {
            return true;
        }

        Close();
        return false;
    }

    private void Close()
    {
        _end?.Dispose();
        _end = null;
    }
}
