using Skiff.Http.Tests.Doubles;

namespace Skiff.Http.Tests.Listening;

/// <summary>Counts what is of the whole process, so nothing else may run meanwhile.</summary>
[CollectionDefinition(nameof(LeftoverTests), DisableParallelization = true)]
[Collection(nameof(LeftoverTests))]
public sealed class LeftoverTests
{
    [Fact]
    public async Task No_descriptor_and_no_connection_is_left()
    {
        await using (var host = await TestHost.StartAsync(DelegateHandler.Says("ok")))
        {
            using var client = new HttpClient();
            await client.GetStringAsync($"http://{host.Address}/");
        }

        var before = Directory.GetFiles("/proc/self/fd").Length;
        for (var i = 0; i < 20; i++)
        {
            await using var host = await TestHost.StartAsync(DelegateHandler.Says("ok"));
            using var client = new HttpClient();
            await client.GetStringAsync($"http://{host.Address}/");
        }

        await Eventually.Equals(true, () => Directory.GetFiles("/proc/self/fd").Length <= before + 3);
    }
}
