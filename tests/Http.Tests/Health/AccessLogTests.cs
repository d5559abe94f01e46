using System.Text;
using System.Text.Json;
using Skiff.Http.Serving;
using Skiff.Http.Tests.Doubles;

namespace Skiff.Http.Tests.Health;

public sealed class AccessLogTests
{
    [Theory]
    [InlineData(AccessLogFormat.Text)]
    [InlineData(AccessLogFormat.Json)]
    public async Task A_request_leaves_a_line(AccessLogFormat format)
    {
        using var output = new MemoryStream();
        await using var log = new AccessLog(output, format, TimeProvider.System);
        await using (var host = await TestHost.StartAsync(
            new DelegateHandler(exchange => exchange.RefuseAsync(500, "guest trapped: unreachable\nat \x1b[31mmain")), log: log))
        {
            await Curl.RunAsync($"http://{host.Address}/a?b=c");
        }

        await log.DisposeAsync();
        var line = Encoding.UTF8.GetString(output.ToArray());
        if (format == AccessLogFormat.Text)
        {
            Assert.Matches(@"^\d{4}-\d\d-\d\dT[\d:.]+Z GET /a\?b=c 500 26B \d+\.\d+ms guest trapped: unreachable \| at \\x1b\[31mmain\n$", line);
        }
        else
        {
            var entry = JsonDocument.Parse(line).RootElement;
            Assert.Equal(("GET", "/a?b=c", 500, 26), (entry.GetProperty("method").GetString(), entry.GetProperty("target").GetString(),
                entry.GetProperty("status").GetInt32(), entry.GetProperty("bytes").GetInt32()));
            Assert.StartsWith("guest trapped", entry.GetProperty("reason").GetString(), StringComparison.Ordinal);
        }
    }
}
