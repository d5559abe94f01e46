namespace Skiff.Http.Serving;

/// <summary>Answers requests. Called concurrently.</summary>
public interface IRequestHandler
{
    /// <summary>
    /// Completes when nothing of the exchange is used any more: the server then reuses what lies beneath it. Throwing aborts
    /// the response where it has begun, and is a 500 where not.
    /// </summary>
    Task HandleAsync(HttpExchange exchange);
}
