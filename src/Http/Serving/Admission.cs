using Skiff.Http.Health;

namespace Skiff.Http.Serving;

/// <summary>The places that requests in flight take, and the queue before them.</summary>
internal sealed class Admission(ServingOptions options, SiteMetrics metrics, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim _places = new(options.InFlightMax);

    /// <summary>Guests that work.</summary>
    public int Taken => options.InFlightMax - _places.CurrentCount;

    /// <returns>False when none came free in time, or too many wait already.</returns>
    /// <exception cref="OperationCanceledException">The client has gone.</exception>
    public ValueTask<bool> EnterAsync(HttpExchange exchange) =>
        _places.Wait(0) ? new ValueTask<bool>(true) : metrics.Queued >= options.QueueMax ? new ValueTask<bool>(false) : QueueAsync(exchange);

    public void Leave() => _places.Release();

    public void Dispose() => _places.Dispose();

    private async ValueTask<bool> QueueAsync(HttpExchange exchange)
    {
        metrics.Queue(1);
        using var patience = new CancellationTokenSource(options.QueueTime, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, exchange.Aborted);
        try
        {
            await _places.WaitAsync(either.Token);
            return true;
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested && !exchange.Aborted.IsCancellationRequested)
        {
            return false;
        }
        finally
        {
            metrics.Queue(-1);
        }
    }
}
