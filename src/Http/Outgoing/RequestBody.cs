using System.Buffers;
using System.IO.Pipelines;
using Skiff.Http.Bindings.Http;
using Skiff.Http.Messages;
using Skiff.Wasi.Streams;

namespace Skiff.Http.Outgoing;

/// <summary>
/// The body of a request that a guest sends: a pipe between the guest, who writes, and the connection, which reads when it can.
/// The pipe's bound is the back-pressure.
/// </summary>
internal sealed class RequestBody(ulong? promised) : OutgoingBody(promised)
{
    private readonly Pipe _pipe = new(new PipeOptions(
        pauseWriterThreshold: 2 * PermitBytes, resumeWriterThreshold: PermitBytes, useSynchronizationContext: false));

    private Task<FlushResult>? _flushing;

    /// <summary>The connection's end.</summary>
    public PipeReader Reader => _pipe.Reader;

    protected override bool IsReady => _flushing is null or { IsCompleted: true };

    // SocketsHttpHandler writes none, in HTTP/1.1 or 2. Silently without them the other side would take a message for whole that is not.
    protected override bool SendsTrailers => false;

    protected override ErrorCode SizeError(ulong written) => ErrorCode.HttpRequestBodySize(written);

    protected override StreamResult Permit()
    {
        if (_flushing is null)
        {
            return StreamResult.Moved(PermitBytes);
        }

        if (!_flushing.IsCompleted)
        {
            return StreamResult.WouldBlock;
        }

        // The connection has stopped reading: the answer came before the end, or the connection broke. The response says which.
        if (_flushing.IsFaulted || _flushing.Result.IsCompleted)
        {
            return StreamResult.Closed;
        }

        _flushing = null;
        return StreamResult.Moved(PermitBytes);
    }

    protected override StreamResult Accept(ReadOnlySpan<byte> bytes)
    {
        _pipe.Writer.Write(bytes);
        _ = Flush();
        return StreamResult.Moved((ulong)bytes.Length);
    }

    protected override StreamResult Flush()
    {
        if (_flushing is null or { IsCompleted: true })
        {
            _flushing = Flushes.Begin(_pipe.Writer);
        }

        return StreamResult.Moved(0);
    }

    protected override async ValueTask WaitAsync(CancellationToken cancellation)
    {
        if (_flushing is { } flushing)
        {
            await ((Task)flushing).WaitAsync(cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellation.ThrowIfCancellationRequested();
        }
    }

    protected override void OnFinished(Fields? trailers) => _pipe.Writer.Complete();

    protected override void OnCut(string reason) => _pipe.Writer.Complete(new HttpFault(ErrorCode.ConnectionTerminated, reason));
}
