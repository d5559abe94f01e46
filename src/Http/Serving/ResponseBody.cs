using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Skiff.Http.Bindings.Http;
using Skiff.Http.Messages;
using Skiff.Wasi.Streams;

namespace Skiff.Http.Serving;

/// <summary>
/// The body of a response. Bytes are held back until the guest pauses, finishes, or has written a good deal: so a small response
/// leaves in one piece and with its length, and a flush in the middle of a turn costs nothing. Afterwards they go from the guest's
/// memory straight into the server's pipe, and wait where the client is slow.
/// Chunks are framed here and not by the server, which knows no trailers in HTTP/1.1.
/// </summary>
internal sealed class ResponseBody(ulong? promised) : OutgoingBody(promised)
{
    private const int HeldBytesMax = 64 * 1024;
    private const int FlushBytes = 32 * 1024;

    // A chunk's length in hexadecimal digits and the two ends of line.
    private const int FrameBytesMax = 8 + 2 + 2;

    private static ReadOnlySpan<byte> NewLine => "\r\n"u8;

    // Made when a guest waits before it has set its response, which few do. All of it happens in the guest's turns.
    private TaskCompletionSource? _attached;
    private byte[]? _held;
    private int _heldBytes;
    private GuestResponse? _response;
    private PipeWriter? _writer;
    private bool _chunked;
    private int _unflushed;
    private Task<FlushResult>? _flushing;

    /// <summary>What was written and has not been sent, nor has the head.</summary>
    public ReadOnlyMemory<byte> Held => _held.AsMemory(0, _heldBytes);

    public Fields? TrailerFields { get; private set; }

    protected override bool CountsLength => _response is not { HasBody: false };

    protected override bool IsReady => _writer is null
        ? (_response is not null || Held.Length < HeldBytesMax)
        : _flushing is null or { IsCompleted: true };

    /// <summary>The guest has set its response: bytes can be sent from here on, by <see cref="Open"/>.</summary>
    public void Attach(GuestResponse response)
    {
        _response = response;
        _attached?.TrySetResult();
    }

    /// <summary>The head has been sent, or is in the server's pipe: what was held follows it.</summary>
    /// <param name="chunked">Frame it (RFC 9112, 7.1).</param>
    public void Open(PipeWriter writer, bool chunked)
    {
        (_writer, _chunked) = (writer, chunked);
        if (!Held.IsEmpty)
        {
            Frame(Held.Span);
        }

        ReleaseHeld();
    }

    /// <summary>What was held has been copied to where it goes.</summary>
    public void ReleaseHeld()
    {
        if (_held is not null)
        {
            ArrayPool<byte>.Shared.Return(_held);
            (_held, _heldBytes) = (null, 0);
        }
    }

    /// <summary>Sends what is in the server's pipe. The guest's turn goes on; its next write waits if the client is slow.</summary>
    /// <param name="evenIfEmpty">For the head alone.</param>
    public void Push(bool evenIfEmpty = false)
    {
        if (_writer is null || (_unflushed == 0 && !evenIfEmpty) || _flushing is { IsCompleted: false })
        {
            return;
        }

        _unflushed = 0;
        _flushing = Flushes.Begin(_writer);
    }

    protected override ErrorCode SizeError(ulong written) => ErrorCode.HttpResponseBodySize(written);

    protected override StreamResult Permit()
    {
        if (_writer is null)
        {
            var room = HeldBytesMax - Held.Length;
            if (room > 0 || _response is null)
            {
                return StreamResult.Moved((ulong)room);
            }

            _response.Start();
        }

        if (_flushing is null)
        {
            return StreamResult.Moved(PermitBytes);
        }

        if (!_flushing.IsCompleted)
        {
            return StreamResult.WouldBlock;
        }

        // A server whose reader has gone completes its flushes at once, with this to tell it.
        if (_flushing.IsFaulted || _flushing.Result.IsCompleted)
        {
            return StreamResult.Failed(new HttpIoError(ErrorCode.ConnectionTerminated, "the client has closed the connection"));
        }

        _flushing = null;
        return StreamResult.Moved(PermitBytes);
    }

    protected override StreamResult Accept(ReadOnlySpan<byte> bytes)
    {
        if (_response is { HasBody: false })
        {
            return StreamResult.Moved((ulong)bytes.Length);
        }

        if (_writer is null)
        {
            if (_response is not null && _heldBytes + bytes.Length > HeldBytesMax)
            {
                // More than may be held: the head and what is held go ahead of it.
                _response.Start();
                Frame(bytes);
                Push();
            }
            else
            {
                Hold(bytes);
            }
        }
        else
        {
            Frame(bytes);
            if (_unflushed >= FlushBytes)
            {
                Push();
            }
        }

        return StreamResult.Moved((ulong)bytes.Length);
    }

    // Sent when the guest pauses, which is at the latest when its tick is over.
    protected override StreamResult Flush() => StreamResult.Moved(0);

    protected override async ValueTask WaitAsync(CancellationToken cancellation)
    {
        if (_response is null && !HasEnded)
        {
            _attached ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await _attached.Task.WaitAsync(cancellation);
        }
        else if (_flushing is { } flushing)
        {
            await ((Task)flushing).WaitAsync(cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellation.ThrowIfCancellationRequested();
        }
    }

    protected override void OnFinished(Fields? trailers)
    {
        TrailerFields = trailers is { Lines.Count: > 0 } ? trailers : null;
        if (_writer is not null && _chunked)
        {
            EndChunks();
        }
    }

    protected override void OnCut(string reason) => _attached?.TrySetResult();

    private void Hold(ReadOnlySpan<byte> bytes)
    {
        var wanted = _heldBytes + bytes.Length;
        if (_held is null || _held.Length < wanted)
        {
            // Four times as large each time: a body of 64 KiB in pieces of 4 is copied twice on its way.
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(wanted, Math.Min(4 * _heldBytes, HeldBytesMax)));
            Held.CopyTo(larger);
            var bytesHeld = _heldBytes;
            ReleaseHeld();
            (_held, _heldBytes) = (larger, bytesHeld);
        }

        bytes.CopyTo(_held.AsSpan(_heldBytes));
        _heldBytes = wanted;
    }

    private void Frame(ReadOnlySpan<byte> bytes)
    {
        if (_chunked)
        {
            // In pieces that the pipe takes at once: each call of it takes the server's lock.
            for (var left = bytes; left.Length > 0;)
            {
                var piece = left[..Math.Min(left.Length, FlushBytes)];
                FrameOne(piece);
                left = left[piece.Length..];
            }
        }
        else
        {
            _writer!.Write(bytes);
        }

        _response!.Sent(bytes.Length);
        _unflushed += bytes.Length;
    }

    private void FrameOne(ReadOnlySpan<byte> bytes)
    {
        var chunk = _writer!.GetSpan(bytes.Length + FrameBytesMax);
        bytes.Length.TryFormat(chunk, out var start, "x", CultureInfo.InvariantCulture);
        NewLine.CopyTo(chunk[start..]);
        start += NewLine.Length;
        bytes.CopyTo(chunk[start..]);
        NewLine.CopyTo(chunk[(start + bytes.Length)..]);
        _writer.Advance(start + bytes.Length + NewLine.Length);
    }

    /// <summary>The last chunk and the trailers behind it (RFC 9112, 7.1.2).</summary>
    public void EndChunks()
    {
        var writer = _writer!;
        writer.Write("0\r\n"u8);
        foreach (var line in TrailerFields?.Lines ?? [])
        {
            writer.Write(Encoding.ASCII.GetBytes(line.Name));
            writer.Write(": "u8);
            writer.Write(line.Value);
            writer.Write(NewLine);
        }

        writer.Write(NewLine);
        _unflushed++;
    }
}
