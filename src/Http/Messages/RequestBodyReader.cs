using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;
using Skiff.Http.Serving;

namespace Skiff.Http.Messages;

/// <summary>The body of a request that a client sends us. The first read tells a client that waits for it to go on (100-continue).</summary>
internal sealed class RequestBodyReader : BodyReader
{
    private readonly HttpExchange? _exchange;
    private Fields? _trailers;
    private bool _detached;

    /// <param name="exchange">Null when it is over already: then the body has no more bytes.</param>
    public RequestBodyReader(HttpExchange? exchange, TimeProvider time)
        : base(Reader(exchange), Timeout.InfiniteTimeSpan, time) => (_exchange, _detached) = (exchange, exchange is null);

    public bool IsOver { get; private set; }

    public override Fields? Trailers()
    {
        if (!_detached && _exchange!.Features.Get<IHttpRequestTrailersFeature>() is { Available: true, Trailers.Count: > 0 } feature)
        {
            _trailers ??= Fields.Received(feature.Trailers);
        }

        return _trailers;
    }

    /// <summary>The exchange ends: what the guest has not read it will not read.</summary>
    public void Detach()
    {
        if (IsAtEnd)
        {
            Trailers();
        }

        _detached = true;
        Dispose();
    }

    // The server itself drains what was not read, or closes the connection where that would take too long.
    protected override void Close() => IsOver = true;

    private static PipeReader Reader(HttpExchange? exchange) =>
        exchange is not null && exchange.Features.Get<IRequestBodyPipeFeature>() is { } pipe ? pipe.Reader : PipeReader.Create(Stream.Null);
}
