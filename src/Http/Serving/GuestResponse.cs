using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Skiff.Http.Bindings.Http;
using Skiff.Http.Messages;

namespace Skiff.Http.Serving;

/// <summary>
/// What a guest does to the response of one exchange, and where that stands. Used in the guest's turns only, and after its end.
/// </summary>
internal sealed class GuestResponse(HttpExchange exchange)
{
    private OutgoingResponse? _response;
    private ResponseBody? _body;
    private ErrorCode? _error;
    private bool _started;
    private Task? _completion;

    /// <summary>The guest has given its answer, or given up the right to.</summary>
    public bool IsDecided { get; private set; }

    /// <summary>Nothing of the exchange's response is used any more.</summary>
    public bool IsDone => _completion is { IsCompleted: true };

    /// <summary>False where HTTP has none (RFC 9110, 6.4.1): what the guest writes is counted and thrown away.</summary>
    public bool HasBody { get; private set; } = true;

    /// <summary>Completes when the response is complete, where <see cref="Pause"/> has begun to complete it.</summary>
    public Task? Completion => _completion;

    public void Begin(OutgoingResponse response)
    {
        IsDecided = true;
        _response = response;
        HasBody = !HttpMethods.IsHead(exchange.Method) && response.Status is >= 200 and not (204 or 205 or 304);
        _body = response.TakenBody;
        _body?.Attach(this);
    }

    public void Refuse(ErrorCode code)
    {
        IsDecided = true;
        _error = code;
    }

    public void OutparamDropped() => IsDecided = true;

    public void Sent(int bytes) => exchange.BytesSent += bytes;

    /// <summary>Sends the head now, with a length only if the guest gave one: more of the body is to come.</summary>
    public void Start()
    {
        if (_started)
        {
            return;
        }

        _started = true;
        WriteHead();
        var chunked = HasBody && _body!.Promised is null && exchange.Request.Protocol == "HTTP/1.1";
        if (chunked)
        {
            exchange.Response.Headers.TransferEncoding = "chunked";
        }

        // Completes at once: nothing of ours hangs on the start of a response.
        var start = exchange.ResponseBody.StartAsync();
        if (!start.IsCompletedSuccessfully)
        {
            start.GetAwaiter().GetResult();
        }

        _body!.Open(exchange.ResponseBody.Writer, chunked);
    }

    /// <summary>The guest has left its thread: what it has written so far goes out.</summary>
    public void Pause()
    {
        if (_completion is not null || _response is null || exchange.Aborted.IsCancellationRequested)
        {
            return;
        }

        if (_body is null || _body.HasEnded)
        {
            _completion = CompleteAsync();
            return;
        }

        var begins = !_started;
        Start();
        _body.Push(evenIfEmpty: begins);
    }

    /// <summary>The guest has ended. Completes the response, or cuts it, or answers in the guest's place.</summary>
    /// <param name="failure">What to answer when the guest has not, and how its end was; null: it returned.</param>
    public async Task EndAsync((int Status, string Reason)? failure)
    {
        if (_completion is not null)
        {
            exchange.Reason ??= failure?.Reason;
            await _completion;
            return;
        }

        if (_response is null)
        {
            var (status, reason) = (failure, _error) switch
            {
                ({ } end, _) => end,
                (null, { } code) => (StatusOfError.Of(code), $"guest answered with error-code {code}"),
                _ => (StatusCodes.Status500InternalServerError, "guest returned without a response"),
            };
            await exchange.RefuseAsync(status, reason);
            return;
        }

        if (_body is { HasEnded: false })
        {
            _body.Cut(failure?.Reason ?? "guest returned without finishing its body");
        }

        exchange.Reason ??= failure?.Reason;
        await CompleteAsync();
    }

    private async Task CompleteAsync()
    {
        if (_body?.CutReason is { } cut)
        {
            // Before the head is out there is still a better answer than half of one.
            await exchange.RefuseAsync(StatusCodes.Status500InternalServerError, cut);
            return;
        }

        if (!_started)
        {
            if (!await SendWholeAsync())
            {
                return;
            }
        }
        else
        {
            AddTrailers();
            _body!.Push();
        }

        await exchange.ResponseBody.CompleteAsync();
    }

    /// <summary>All of the body is held: it goes with its length, in one piece.</summary>
    private async ValueTask<bool> SendWholeAsync()
    {
        _started = true;
        var held = _body?.Held ?? default;
        if (_body is null && HasBody && _response!.Fields.TryContentLength(out var promised) && promised is > 0)
        {
            await exchange.RefuseAsync(
                StatusCodes.Status500InternalServerError, $"guest promised a body of {promised} bytes and did not take it");
            return false;
        }

        WriteHead();
        if (_body?.TrailerFields is not null && HasBody && exchange.Request.Protocol == "HTTP/1.1" && _body.Promised is null)
        {
            exchange.Response.Headers.TransferEncoding = "chunked";
            await exchange.ResponseBody.StartAsync();
            _body.Open(exchange.ResponseBody.Writer, chunked: true);
            _body.EndChunks();
            _body.Push();
            return true;
        }

        var statusAllowsLength = _response!.Status is >= 200 and not (204 or 304);
        if (statusAllowsLength && exchange.Response.Headers.ContentLength is null && (HasBody || held.Length > 0))
        {
            exchange.Response.Headers.ContentLength = held.Length;
        }

        AddTrailers();
        if (HasBody && !held.IsEmpty)
        {
            exchange.BytesSent += held.Length;
            await exchange.ResponseBody.Writer.WriteAsync(held);
        }

        _body?.ReleaseHeld();

        return true;
    }

    private void WriteHead()
    {
        var response = exchange.Response;
        response.StatusCode = _response!.Status;
        foreach (var line in _response.Fields.Lines)
        {
            response.Headers.Append(line.Name, line.Text);
        }
    }

    private void AddTrailers()
    {
        if (_body?.TrailerFields is { } trailers && exchange.Features.Get<IHttpResponseTrailersFeature>() is { Trailers.IsReadOnly: false } feature)
        {
            foreach (var line in trailers.Lines)
            {
                feature.Trailers.Append(line.Name, line.Text);
            }
        }
    }
}
