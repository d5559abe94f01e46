using Skiff.Linux;
using Skiff.Linux.Files;

namespace Skiff.Wasi.Streams;

/// <summary>Reads a pipe, FIFO, terminal, device, stream socket, or a file where it stands. Takes its hold of the descriptor over.</summary>
internal sealed class DescriptorInputStream(SharedDescriptor descriptor, ReadinessLoop readiness) : InputStream
{
    private bool _ended;

    public override bool IsReady => _ended || ReadinessLoop.Now(descriptor.Handle, Readiness.Readable) != Readiness.None;

    public override StreamResult Read(Span<byte> buffer)
    {
        if (_ended)
        {
            return StreamResult.Closed;
        }

        if (buffer.IsEmpty || (!descriptor.IsNonBlocking && !IsReady))
        {
            return StreamResult.WouldBlock;
        }

        var count = FileCalls.Read(descriptor.Handle, buffer);
        switch (count)
        {
            case > 0:
                return StreamResult.Moved((ulong)count);
            case -Errno.EAGAIN:
                return StreamResult.WouldBlock;
            // A terminal whose other side has gone says EIO: for a reader that is the end.
            case 0:
            case -Errno.EIO when FileCalls.IsTerminal(descriptor.Handle):
                _ended = true;
                return StreamResult.Closed;
            default:
                _ended = true;
                return StreamResult.Failed(IoError.Of("read", count));
        }
    }

    public override ValueTask WaitAsync(CancellationToken cancellation) =>
        _ended ? ValueTask.CompletedTask : readiness.WaitAsync(descriptor.Handle, Readiness.Readable, cancellation);

    protected override void Dispose(bool disposing)
    {
        _ended = true;
        descriptor.Release();
        base.Dispose(disposing);
    }
}
