using Skiff.Components.Host;
using Skiff.Http.Bindings.Http;
using Skiff.Wasi.Bindings.Io;
using Skiff.Wasi.Streams;

namespace Skiff.Http.Messages;

/// <summary>wasi:http/types.incoming-body. Owns the reader until <see cref="Finish"/> gives it to the trailers.</summary>
internal sealed class IncomingBody(BodyReader reader) : IIncomingBody, IDisposable
{
    private bool _streamed;
    private bool _finished;

    public Result<IInputStream, Unit> Stream()
    {
        if (_streamed)
        {
            return Result<IInputStream, Unit>.Error(default);
        }

        _streamed = true;
        return Result<IInputStream, Unit>.Ok(new BodyInputStream(reader));
    }

    public FutureTrailers Finish()
    {
        _finished = true;
        return new FutureTrailers(reader);
    }

    public void Dispose()
    {
        if (!_finished)
        {
            reader.Dispose();
        }
    }

    /// <summary>The guest's view. Dropping it keeps the body: <see cref="Finish"/> may still want the trailers.</summary>
    private sealed class BodyInputStream(BodyReader reader) : InputStream
    {
        public override bool IsReady => reader.IsReady;

        public override StreamResult Read(Span<byte> buffer) => reader.Read(buffer);

        public override ValueTask WaitAsync(CancellationToken cancellation) => reader.WaitAsync(cancellation);
    }
}

/// <summary>wasi:http/types.future-trailers: the end of a body, whose unread rest is skipped.</summary>
internal sealed class FutureTrailers(BodyReader reader) : IFutureTrailers, IDisposable
{
    private bool _taken;

    public IPollable Subscribe() => new AtEnd(reader);

    public Result<Result<IFields?, ErrorCode>, Unit>? Get()
    {
        if (!reader.Skip())
        {
            return null;
        }

        if (_taken)
        {
            return Result<Result<IFields?, ErrorCode>, Unit>.Error(default);
        }

        _taken = true;
        return Result<Result<IFields?, ErrorCode>, Unit>.Ok(reader.Error is { } error
            ? Result<IFields?, ErrorCode>.Error(error.Code)
            : Result<IFields?, ErrorCode>.Ok(reader.IsAtEnd ? reader.Trailers() : null));
    }

    public void Dispose() => reader.Dispose();

    private sealed class AtEnd(BodyReader reader) : Pollable
    {
        public override bool IsReady => reader.Skip();

        public override ValueTask WaitAsync(CancellationToken cancellation) => reader.WaitAsync(cancellation);
    }
}
