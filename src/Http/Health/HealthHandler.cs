using System.Text;
using Microsoft.AspNetCore.Http;
using Skiff.Http.Serving;

namespace Skiff.Http.Health;

/// <summary>The operator's address: <c>/healthz</c> and <c>/metrics</c>. No guest is asked, so it answers when they are all busy.</summary>
public sealed class HealthHandler(Func<IReadOnlyList<SiteMetrics>> sites, Func<bool> isStopping) : IRequestHandler
{
    public Task HandleAsync(HttpExchange exchange)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        if (!HttpMethods.IsGet(exchange.Method) && !HttpMethods.IsHead(exchange.Method))
        {
            return exchange.AnswerAsync(StatusCodes.Status405MethodNotAllowed, "text/plain; charset=utf-8", "GET or HEAD\n"u8.ToArray());
        }

        return exchange.Target.Split('?')[0] switch
        {
            "/healthz" when isStopping() => exchange.AnswerAsync(StatusCodes.Status503ServiceUnavailable, "text/plain; charset=utf-8", "stopping\n"u8.ToArray()),
            "/healthz" => exchange.AnswerAsync(StatusCodes.Status200OK, "text/plain; charset=utf-8", "ok\n"u8.ToArray()),
            "/metrics" => exchange.AnswerAsync(
                StatusCodes.Status200OK, OpenMetrics.ContentType, Encoding.UTF8.GetBytes(OpenMetrics.Write(sites(), ProcessFigures.Read()))),
            "/" => exchange.AnswerAsync(StatusCodes.Status200OK, "text/plain; charset=utf-8", "/healthz\n/metrics\n"u8.ToArray()),
            _ => exchange.AnswerAsync(StatusCodes.Status404NotFound, "text/plain; charset=utf-8", "/healthz and /metrics are here\n"u8.ToArray()),
        };
    }
}
