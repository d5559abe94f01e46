using Skiff.Components.Host;
using Skiff.Http.Bindings.Http;
using Skiff.Wasi.Bindings.Io;
using Skiff.Wasi.Streams;

namespace Skiff.Http.Messages;

/// <summary>
/// wasi:http/types.outgoing-body: counts what is written against what the headers promised, and tells apart a body that was finished
/// from one that was only dropped. Where the bytes go, the two that derive from it say.
/// </summary>
/// <param name="promised">The content-length of the message; null where it gave none.</param>
internal abstract class OutgoingBody(ulong? promised) : IOutgoingBody, IDisposable
{
    /// <summary>Bytes that a guest may write before the next <c>check-write</c>.</summary>
    protected const int PermitBytes = 64 * 1024;

    private bool _taken;

    public ulong? Promised => promised;

    public ulong Written { get; private set; }

    public bool IsFinished { get; private set; }

    /// <summary>It ends here, incomplete; why. Null otherwise.</summary>
    public string? CutReason { get; private set; }

    public bool HasEnded => IsFinished || CutReason is not null;

    public Result<IOutputStream, Unit> Write()
    {
        if (_taken)
        {
            return Result<IOutputStream, Unit>.Error(default);
        }

        _taken = true;
        return Result<IOutputStream, Unit>.Ok(new BodyOutputStream(this));
    }

    public Result<Unit, ErrorCode> Finish(Fields? trailers)
    {
        if (trailers is not null && !SendsTrailers && trailers.Lines.Any())
        {
            Cut("the guest gave trailers to its request, which Skiff cannot send");
            return ErrorCode.HttpProtocolError;
        }

        if (promised is { } length && Written != length && CountsLength)
        {
            Cut($"the guest promised a body of {length} bytes and wrote {Written}");
            return SizeError(Written);
        }

        if (CutReason is not null)
        {
            return ErrorCode.ConnectionTerminated;
        }

        IsFinished = true;
        OnFinished(trailers);
        return default(Unit);
    }

    public void Cut(string reason)
    {
        if (!HasEnded)
        {
            CutReason = reason;
            OnCut(reason);
        }
    }

    public void Dispose() => Cut("the guest dropped its body without finishing it");

    /// <summary>Whether there is nothing to wait for: bytes would be taken, or never again.</summary>
    protected abstract bool IsReady { get; }

    /// <summary>False where trailers would be lost: <see cref="Finish"/> refuses them then.</summary>
    protected virtual bool SendsTrailers => true;

    /// <summary>False for messages that have a content-length but no body (HEAD, 304).</summary>
    protected virtual bool CountsLength => true;

    protected abstract ErrorCode SizeError(ulong written);

    protected abstract StreamResult Permit();

    protected abstract StreamResult Accept(ReadOnlySpan<byte> bytes);

    protected abstract StreamResult Flush();

    protected abstract ValueTask WaitAsync(CancellationToken cancellation);

    protected abstract void OnFinished(Fields? trailers);

    protected abstract void OnCut(string reason);

    private StreamResult Take(ReadOnlySpan<byte> bytes)
    {
        if (HasEnded)
        {
            return StreamResult.Closed;
        }

        if (CountsLength && promised is { } length && (ulong)bytes.Length > length - Written)
        {
            var error = SizeError(Written + (ulong)bytes.Length);
            Cut($"the guest promised a body of {length} bytes and wrote more");
            return StreamResult.Failed(new HttpIoError(error, $"the message's content-length is {length}"));
        }

        Written += (ulong)bytes.Length;
        return Accept(bytes);
    }

    private sealed class BodyOutputStream(OutgoingBody body) : OutputStream
    {
        public override bool IsReady => body.HasEnded || body.IsReady;

        public override ValueTask WaitAsync(CancellationToken cancellation) => body.WaitAsync(cancellation);

        protected override StreamResult Permit() => body.HasEnded ? StreamResult.Closed : body.Permit();

        protected override StreamResult Accept(ReadOnlySpan<byte> bytes) => body.Take(bytes);

        protected override StreamResult BeginFlush() => body.HasEnded ? StreamResult.Closed : body.Flush();
    }
}
