using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;
using Skiff.Engine;
using Skiff.Http.Health;

namespace Skiff.Http.Serving;

/// <summary>
/// Answers requests with instances of a guest: a place → an instance → its handler → its response, or one in its stead. Every way in
/// which a guest can fail ends here, with a status, a reason in the log and nothing left behind.
/// </summary>
public sealed class GuestHandler(HttpGuest guest, ServingOptions options, SiteMetrics metrics, TimeProvider time, Tracer? tracer = null)
    : IRequestHandler, IDisposable
{
    private const int ClientClosedRequest = 499;

    private readonly Admission _places = new(options, metrics, time);
    private readonly ConcurrentBag<GuestInstance> _idle = [];
    private readonly ConcurrentDictionary<GuestInstance, GuestRun> _working = new();
    private volatile HttpGuest _guest = guest;

    public async Task HandleAsync(HttpExchange exchange)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        metrics.Begun();
        try
        {
            exchange.Span = tracer?.Begin(exchange.Request.Headers[TraceContext.Header], exchange.Method);
            if (await _places.EnterAsync(exchange) is { } refusal)
            {
                metrics.TurnedAway();
                await exchange.RefuseAsync(StatusCodes.Status503ServiceUnavailable, refusal, options.QueueTime);
                return;
            }

            // From here on the place belongs to the guest, who may work on when the exchange has ended.
            await BeginAsync(exchange);
        }
        catch (OperationCanceledException) when (exchange.Aborted.IsCancellationRequested)
        {
            exchange.Reason ??= "client closed the connection while waiting";
        }
        finally
        {
            metrics.Ended(exchange.Status, exchange.Elapsed, exchange.BytesSent);
        }
    }

    /// <summary>From here on requests go to instances of <paramref name="better"/>, which is the same guest; the other must live as long as this handler.</summary>
    public void Replace(HttpGuest better) => _guest = better;

    /// <summary>Waits for guests that work, perhaps after their responses; those that outlive the grace are ended.</summary>
    public async Task StopAsync(TimeSpan grace)
    {
        var until = time.GetTimestamp();
        // Its place is the last that a guest gives back; those in their first turn are in no list.
        while (_places.Taken > 0)
        {
            if (time.GetElapsedTime(until) >= grace)
            {
                foreach (var instance in _working.Keys)
                {
                    instance.Stop("the server is stopping");
                }
            }

            await Task.Delay(StopRound, time);
        }
    }

    /// <summary>After <see cref="StopAsync"/>.</summary>
    public void Dispose()
    {
        while (_idle.TryTake(out var instance))
        {
            Drop(instance);
        }

        _places.Dispose();
    }

    private static readonly TimeSpan StopRound = TimeSpan.FromMilliseconds(10);

    private Task BeginAsync(HttpExchange exchange)
    {
        GuestInstance instance;
        try
        {
            instance = Take();
        }
        catch (EngineException fault)
        {
            _places.Leave();
            return exchange.RefuseAsync(StatusCodes.Status503ServiceUnavailable, $"no instance: {fault.Message}", options.QueueTime);
        }

        var run = new GuestRun(exchange, time);
        var work = WorkAsync(instance, run);
        return work.IsCompleted ? work : WatchAsync(instance, run, work);
    }

    /// <summary>The guest did not finish in its first turn: from here on its deadline and its client are watched.</summary>
    private async Task WatchAsync(GuestInstance instance, GuestRun run, Task work)
    {
        _working[instance] = run;
        if (work.IsCompleted)
        {
            _working.TryRemove(instance, out _);
        }

        var left = options.Deadline - run.Exchange.Elapsed;
        var deadline = time.CreateTimer(
            _ =>
            {
                run.TimedOut = true;
                instance.Stop($"guest took longer than {options.Deadline.TotalSeconds} s");
            },
            null,
            left > TimeSpan.Zero ? left : TimeSpan.Zero,
            Timeout.InfiniteTimeSpan);
        _ = work.ContinueWith(static (_, timer) => ((ITimer)timer!).Dispose(), deadline, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        await using (run.Exchange.Aborted.UnsafeRegister(static instance => ((GuestInstance)instance!).Stop("client closed the connection"), instance))
        {
            await Task.WhenAny(work, run.LetGo);
        }

        // A response that is complete, beneath a guest that works on: the connection is free for the next request.
        await (work.IsCompleted ? work : run.Response.Completion!);
    }

    /// <summary>The whole of a guest's work on a request. Never fails by what the guest does.</summary>
    private async Task WorkAsync(GuestInstance instance, GuestRun run)
    {
        var keep = false;
        try
        {
            var end = await instance.HandleAsync(run);
            var exchange = run.Exchange;
            if (end is null)
            {
                await run.Response.EndAsync(null);
                keep = instance.Requests < options.RequestsPerInstance;
            }
            else if (run.IsLetGo)
            {
                exchange.Site.AccessLog?.Say($"{exchange.Site.Name}: {Describe(end, run).Reason}, after its response to {exchange.Method} {exchange.Target}");
            }
            else if (exchange.Aborted.IsCancellationRequested)
            {
                exchange.Reason ??= "client closed the connection";
                exchange.ClosedStatus = ClientClosedRequest;
            }
            else
            {
                await run.Response.EndAsync(Describe(end, run));
            }
        }
        finally
        {
            run.End(instanceGoesOn: keep);
            _working.TryRemove(instance, out _);
            if (keep)
            {
                _idle.Add(instance);
            }
            else
            {
                Drop(instance);
            }

            _places.Leave();
        }
    }

    private (int Status, string Reason) Describe(CallEnd end, GuestRun run)
    {
        if (run.TimedOut)
        {
            metrics.TimedOut();
            return (StatusCodes.Status504GatewayTimeout, end.Trap?.Message ?? "guest took too long");
        }

        if (end.ExitStatus is { } status)
        {
            return (StatusCodes.Status500InternalServerError, $"guest exited with {status} instead of answering");
        }

        metrics.Trapped();
        return (StatusCodes.Status500InternalServerError, $"guest trapped: {end.Trap}");
    }

    private GuestInstance Take()
    {
        var guest = _guest;
        while (_idle.TryTake(out var idle))
        {
            if (ReferenceEquals(idle.Guest, guest))
            {
                return idle;
            }

            Drop(idle);
        }

        var instance = guest.Create();
        metrics.InstanceMade();
        return instance;
    }

    private void Drop(GuestInstance instance)
    {
        instance.Dispose();
        metrics.InstanceGone();
    }
}
