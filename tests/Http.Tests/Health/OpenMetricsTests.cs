using Skiff.Http.Health;
using Skiff.Http.Tests.Doubles;

namespace Skiff.Http.Tests.Health;

public sealed class OpenMetricsTests
{
    [Fact]
    public async Task The_health_address_tells_what_was_counted()
    {
        var site = new SiteMetrics("shop \"7\"");
        site.Begun();
        site.Begun();
        site.Ended(200, TimeSpan.FromMilliseconds(3), 13);
        site.Trapped();
        await using var host = await TestHost.StartAsync(new HealthHandler(_ => new(new Figures([site], ProcessFigures.Read()).ToMetrics()), () => false));
        Assert.Equal("ok\n", (await Curl.RunAsync($"http://{host.Address}/healthz")).Output);
        var text = (await Curl.RunAsync($"http://{host.Address}/metrics")).Output;
        Assert.Contains("skiff_http_requests_total{site=\"shop \\\"7\\\"\",status=\"200\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("skiff_http_requests_in_flight{site=\"shop \\\"7\\\"\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("_bucket{site=\"shop \\\"7\\\"\",le=\"0.0025\"} 0\n", text, StringComparison.Ordinal);
        Assert.Contains("_bucket{site=\"shop \\\"7\\\"\",le=\"0.005\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("_bucket{site=\"shop \\\"7\\\"\",le=\"+Inf\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("skiff_guest_traps_total{site=\"shop \\\"7\\\"\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("\nprocess_resident_memory_bytes ", text, StringComparison.Ordinal);
        Assert.EndsWith("# EOF\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stopping_process_is_not_healthy()
    {
        await using var host = await TestHost.StartAsync(new HealthHandler(_ => new(new Figures([], default).ToMetrics()), () => true));
        Assert.Equal("stopping\n503", (await Curl.RunAsync("-w", "%{response_code}", $"http://{host.Address}/healthz")).Output);
    }

    [Theory]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true)]
    [InlineData("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", true)]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", false)]
    [InlineData("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false)]
    [InlineData("00-00000000000000000000000000000000-b7ad6b7169203331-01", false)]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", false)]
    [InlineData("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", false)]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0", false)]
    [InlineData("", false)]
    public void A_traceparent_is_read_as_the_specification_says(string text, bool valid)
    {
        Assert.Equal(valid, TraceContext.TryParse(text, out var context));
        if (valid)
        {
            Assert.Equal("00-0af7651916cd43dd8448eb211c80319c-00000000000000ff-01", context.With(0xff));
        }
    }
}
