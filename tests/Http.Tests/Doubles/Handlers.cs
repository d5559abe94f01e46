using Microsoft.AspNetCore.Http.Features;
using Skiff.Http.Serving;

namespace Skiff.Http.Tests.Doubles;

/// <summary>Answers by a delegate; no guest.</summary>
internal sealed class DelegateHandler(Func<HttpExchange, Task> answer) : IRequestHandler
{
    public Task HandleAsync(HttpExchange exchange) => answer(exchange);

    public static DelegateHandler Says(string text) => new(exchange => exchange.AnswerAsync(200, "text/plain", System.Text.Encoding.UTF8.GetBytes(text)));

    /// <summary>Sends the request's body back as it comes.</summary>
    public static DelegateHandler Echo() => new(async exchange =>
    {
        var request = exchange.Features.GetRequiredFeature<IHttpRequestFeature>();
        await request.Body.CopyToAsync(exchange.ResponseBody.Stream, exchange.Aborted);
    });
}
