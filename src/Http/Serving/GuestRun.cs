using Skiff.Http.Messages;

namespace Skiff.Http.Serving;

/// <summary>One request at one guest. Its members are used in the guest's turns, but for <see cref="LetGo"/>.</summary>
internal sealed class GuestRun
{
    private static readonly TaskCompletionSource AlreadyLetGo = Completed();

    // Most guests end in their first turn, and nobody ever waits for it.
    private TaskCompletionSource? _letGo;
    private bool _ended;

    public GuestRun(HttpExchange exchange, TimeProvider time)
    {
        Exchange = exchange;
        Request = new IncomingRequest(exchange, time);
        Response = new GuestResponse(exchange);
        Outparam = new ResponseOutparam(Response);
    }

    public HttpExchange Exchange { get; }

    public IncomingRequest Request { get; }

    public GuestResponse Response { get; }

    public ResponseOutparam Outparam { get; }

    /// <summary>Its time was over.</summary>
    public bool TimedOut { get; set; }

    /// <summary>The exchange needs the guest no more, and the guest not the exchange: its response is complete while it works on.</summary>
    public Task LetGo => (Volatile.Read(ref _letGo) ?? Interlocked.CompareExchange(ref _letGo, Pending(), null) ?? _letGo).Task;

    public bool IsLetGo => Volatile.Read(ref _letGo) is { Task.IsCompleted: true };

    /// <summary>The guest has left its thread, to go on later.</summary>
    public void Pause()
    {
        if (_ended)
        {
            return;
        }

        Response.Pause();
        if (Response.Completion is not null && !Request.UsesBody && !IsLetGo)
        {
            Request.Detach(guestGoesOn: true);
            Interlocked.CompareExchange(ref _letGo, AlreadyLetGo, null)?.SetResult();
        }
    }

    /// <summary>The guest has ended, or its instance goes on to another request: nothing of the exchange is touched any more.</summary>
    /// <param name="instanceGoesOn">It may have kept its handle of the request.</param>
    public void End(bool instanceGoesOn)
    {
        _ended = true;
        Request.Detach(instanceGoesOn);
    }

    private static TaskCompletionSource Pending() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static TaskCompletionSource Completed()
    {
        var source = new TaskCompletionSource();
        source.SetResult();
        return source;
    }
}
