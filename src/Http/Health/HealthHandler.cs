using System.Text;
using Microsoft.AspNetCore.Http;
using Skiff.Http.Serving;

namespace Skiff.Http.Health;

/// <summary>The operator's address: <c>/healthz</c> and <c>/metrics</c>. No guest is asked, so it answers when they are all busy.</summary>
/// <param name="metrics">Makes a <see cref="MetricsText"/>.</param>
public sealed class HealthHandler(Func<CancellationToken, ValueTask<string>> metrics, Func<bool> isStopping) : IRequestHandler
{
    private const string Text = "text/plain; charset=utf-8";

    public async Task HandleAsync(HttpExchange exchange)
    {
        ArgumentNullException.ThrowIfNull(exchange);
        if (!HttpMethods.IsGet(exchange.Method) && !HttpMethods.IsHead(exchange.Method))
        {
            await exchange.AnswerAsync(StatusCodes.Status405MethodNotAllowed, Text, "GET or HEAD\n"u8.ToArray());
            return;
        }

        switch (exchange.Target.Split('?')[0])
        {
            case "/healthz" when isStopping():
                await exchange.AnswerAsync(StatusCodes.Status503ServiceUnavailable, Text, "stopping\n"u8.ToArray());
                return;
            case "/healthz":
                await exchange.AnswerAsync(StatusCodes.Status200OK, Text, "ok\n"u8.ToArray());
                return;
            case "/metrics":
                await exchange.AnswerAsync(StatusCodes.Status200OK, MetricsText.ContentType, Encoding.UTF8.GetBytes(await metrics(exchange.Aborted)));
                return;
            case "/":
                await exchange.AnswerAsync(StatusCodes.Status200OK, Text, "/healthz\n/metrics\n"u8.ToArray());
                return;
            default:
                await exchange.AnswerAsync(StatusCodes.Status404NotFound, Text, "/healthz and /metrics are here\n"u8.ToArray());
                return;
        }
    }
}
