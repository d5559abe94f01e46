using Skiff.Linux.Files;
using Skiff.Wasi.Streams;

namespace Skiff.Wasi.Files;

/// <summary>Reads a regular file from an offset on. Takes its hold of the descriptor over.</summary>
internal sealed class FileInputStream(SharedDescriptor descriptor, ulong offset) : InputStream
{
    private ulong _position = offset;
    private bool _ended;

    public override bool IsReady => true;

    public override StreamResult Read(Span<byte> buffer)
    {
        if (_ended)
        {
            return StreamResult.Closed;
        }

        if (buffer.IsEmpty)
        {
            return StreamResult.Moved(0);
        }

        var count = FileCalls.ReadAt(descriptor.Handle, buffer, _position);
        if (count > 0)
        {
            _position += (ulong)count;
            return StreamResult.Moved((ulong)count);
        }

        // A file that grows may be read on by a new stream, not by this one (wasi:io: closed is the end).
        _ended = true;
        return count == 0 ? StreamResult.Closed : StreamResult.Failed(IoError.Of("read", count));
    }

    public override ValueTask WaitAsync(CancellationToken cancellation) => ValueTask.CompletedTask;

    protected override void Dispose(bool disposing)
    {
        _ended = true;
        descriptor.Release();
        base.Dispose(disposing);
    }
}
