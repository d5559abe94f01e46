using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;

namespace Skiff.Http.Serving;

/// <summary>What Kestrel calls: finds the site by the connection that the request came on.</summary>
internal sealed class SiteApplication(TimeProvider time) : IHttpApplication<HttpExchange>
{
    // A new one each time: a guest may work on after its response and must not meet the next request's exchange.
    public HttpExchange CreateContext(IFeatureCollection contextFeatures) =>
        new(contextFeatures, contextFeatures.GetRequiredFeature<HttpSite>(), time);

    public Task ProcessRequestAsync(HttpExchange context) => context.Site.Handler.HandleAsync(context);

    public void DisposeContext(HttpExchange context, Exception? exception) => context.End(exception);
}
