using System.Globalization;
using Skiff.Http.Health;

namespace Skiff.Http.Serving;

/// <summary>The places that requests in flight take, and the queue before them.</summary>
internal sealed class Admission(ServingOptions options, SiteMetrics metrics, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim _places = new(options.InFlightMax);

    /// <summary>Guests that work.</summary>
    public int Taken => options.InFlightMax - _places.CurrentCount;

    /// <returns>Null when it has a place; else why it has none: none came free in time, or too many wait already.</returns>
    /// <exception cref="OperationCanceledException">The client has gone.</exception>
    public ValueTask<string?> EnterAsync(HttpExchange exchange) =>
        _places.Wait(0) ? new ValueTask<string?>(Share()) : metrics.Queued >= options.QueueMax ? new ValueTask<string?>(Full()) : QueueAsync(exchange);

    public void Leave()
    {
        options.Shared?.Give();
        _places.Release();
    }

    public void Dispose() => _places.Dispose();

    private string Full() => string.Create(CultureInfo.InvariantCulture, $"no instance came free; {options.InFlightMax} requests are in flight");

    // Who has come so far has a place of the guest's own; the process must have one for it as well.
    private string? Share()
    {
        var own = Taken - 1;
        if (options.Shared is null || options.Shared.TryTake(own))
        {
            return null;
        }

        _places.Release();
        return string.Create(CultureInfo.InvariantCulture, $"{own} requests are in flight, which is this guest's share of the process's instances");
    }

    private async ValueTask<string?> QueueAsync(HttpExchange exchange)
    {
        metrics.Queue(1);
        using var patience = new CancellationTokenSource(options.QueueTime, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, exchange.Aborted);
        try
        {
            await _places.WaitAsync(either.Token);
            return Share();
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested && !exchange.Aborted.IsCancellationRequested)
        {
            return Full();
        }
        finally
        {
            metrics.Queue(-1);
        }
    }
}
