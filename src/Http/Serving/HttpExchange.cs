using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Skiff.Http.Serving;

/// <summary>One request and its response, as the server holds them. Not to be touched after the handler's task has completed.</summary>
public sealed class HttpExchange
{
    private readonly TimeProvider _time;
    private readonly long _begun;
    private readonly IHttpRequestFeature _request;
    private readonly IHttpResponseFeature _response;
    private readonly IHttpResponseBodyFeature _body;

    internal HttpExchange(IFeatureCollection features, HttpSite site, TimeProvider time)
    {
        (Features, Site, _time) = (features, site, time);
        _begun = time.GetTimestamp();
        _request = features.GetRequiredFeature<IHttpRequestFeature>();
        _response = features.GetRequiredFeature<IHttpResponseFeature>();
        _body = features.GetRequiredFeature<IHttpResponseBodyFeature>();
        // Kept here: the server clears its own when the response is done, and the log line is written after that.
        Method = _request.Method;
        Target = _request.RawTarget;
    }

    public HttpSite Site { get; }

    public string Method { get; }

    /// <summary>The request target as it was sent.</summary>
    public string Target { get; }

    /// <summary>Body bytes handed to the server so far.</summary>
    public long BytesSent { get; internal set; }

    /// <summary>What the log says behind the figures: how the guest failed. Null: it did not.</summary>
    public string? Reason { get; internal set; }

    /// <summary>The span of this exchange (W3C Trace Context); null: none is kept.</summary>
    internal Health.TraceSpan? Span { get; set; }

    internal IFeatureCollection Features { get; }

    internal IHttpRequestFeature Request => _request;

    internal IHttpResponseFeature Response => _response;

    internal IHttpResponseBodyFeature ResponseBody => _body;

    /// <summary>Fires when the client has gone, or the server cuts the exchange off.</summary>
    internal CancellationToken Aborted => Features.GetRequiredFeature<IHttpRequestLifetimeFeature>().RequestAborted;

    /// <summary>What is logged where the client did not wait for a status; 0: it got one.</summary>
    internal int ClosedStatus { get; set; }

    public int Status => ClosedStatus != 0 ? ClosedStatus : _response.StatusCode;

    public bool HasStarted => _response.HasStarted;

    public TimeSpan Elapsed => _time.GetElapsedTime(_begun);

    /// <summary>Cuts the connection (HTTP/1.1) or resets the stream (HTTP/2), so that the client sees the response incomplete.</summary>
    public void Abort(string reason)
    {
        Reason ??= reason;
        if (Features.Get<IHttpResetFeature>() is { } reset)
        {
            const int InternalError = 2;
            reset.Reset(InternalError);
        }
        else
        {
            Features.GetRequiredFeature<IHttpRequestLifetimeFeature>().Abort();
        }
    }

    /// <summary>Answers without a guest: a status and a line of text. Aborts where the guest's own response has begun.</summary>
    /// <param name="reason">For the log; the client is told the status only.</param>
    internal Task RefuseAsync(int status, string reason, TimeSpan? retryAfter = null)
    {
        Reason ??= reason;
        if (_response.HasStarted)
        {
            Abort(reason);
            return Task.CompletedTask;
        }

        return AnswerAsync(status, "text/plain; charset=utf-8", StatusLine(status), retryAfter);
    }

    internal async Task AnswerAsync(int status, string contentType, ReadOnlyMemory<byte> content, TimeSpan? retryAfter = null)
    {
        _response.Headers.Clear();
        _response.StatusCode = status;
        _response.Headers.ContentType = contentType;
        _response.Headers.ContentLength = content.Length;
        if (retryAfter is { } after)
        {
            _response.Headers.RetryAfter = Math.Max(1, (long)after.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        }

        if (!HttpMethods.IsHead(Method))
        {
            BytesSent = content.Length;
            await _body.Writer.WriteAsync(content);
        }
    }

    internal void End(Exception? fault)
    {
        if (fault is not null)
        {
            Reason ??= fault.Message;
        }

        Site.AccessLog?.Write(this, Status);
        Span?.End(this, Status);
    }

    private static byte[] StatusLine(int status) => status switch
    {
        StatusCodes.Status500InternalServerError => "500 Internal Server Error\n"u8.ToArray(),
        StatusCodes.Status502BadGateway => "502 Bad Gateway\n"u8.ToArray(),
        StatusCodes.Status503ServiceUnavailable => "503 Service Unavailable\n"u8.ToArray(),
        StatusCodes.Status504GatewayTimeout => "504 Gateway Timeout\n"u8.ToArray(),
        StatusCodes.Status404NotFound => "404 Not Found\n"u8.ToArray(),
        _ => System.Text.Encoding.ASCII.GetBytes($"{status}\n"),
    };
}
