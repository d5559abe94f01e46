using System.Diagnostics;
using System.Globalization;
using Skiff.Harness;

namespace Skiff.Functional.Node;

/// <summary>
/// Hostile guests in one process with a witness that must never miss a beat. <c>SKIFF_HOSTILE_MINUTES=10</c> for the whole of it; a few
/// seconds otherwise.
/// </summary>
public sealed class WitnessTests(Nodes nodes) : NodeTest(nodes), IDisposable
{
    private const int AtATime = 3;

    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(20);

    private static readonly string[] Deeds = ["overflow", "grow", "handles", "close", "lie", "flood", "trap", "spin"];

    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(10) };

    public void Dispose() => _client.Dispose();

    [Theory, OnContainerd]
    public async Task A_witness_answers_whatever_its_neighbours_do(string version)
    {
        var node = await NodeAsync(version);
        await using var pod = await Pod.RunAsync(node, new PodRequest { HostNetwork = false, Handler = "skiffnode" });
        await using var neighbours = await Pod.RunAsync(node, new PodRequest { Handler = "skiffnode" });
        var witness = await pod.StartAsync(["/http.wasm"]);
        var address = $"http://{(await pod.StatusAsync()).Network.Ip}:8080/";
        Assert.Equal("Hello, world!", await Answers.FirstAsync(_client, address));
        var host = Assert.Single(NodeServers.HostsOf(await NodeServers.PidOfAsync(witness.Id)));

        using var over = new CancellationTokenSource();
        var beats = BeatAsync(address, over.Token);
        var seed = Environment.TickCount;
        var ended = await MisbehaveAsync(neighbours, new Random(seed));
        await over.CancelAsync();
        var (count, longest) = await beats;

        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"seed {seed}: {ended} hostile guests, {count} answers of the witness, the slowest after {longest.TotalMilliseconds:0} ms"));
        Assert.True(ended > Deeds.Length && count > 20, $"{ended} guests, {count} answers");
        Assert.True(Signals.IsAlive(host), "the guest host lives");
        Assert.Equal(host, Assert.Single(NodeServers.HostsOf(await NodeServers.PidOfAsync(witness.Id))));
    }

    // Some are ended in the midst of what they do, some end by themselves.
    private static async Task<int> MisbehaveAsync(Pod pod, Random random)
    {
        var minutes = double.Parse(Environment.GetEnvironmentVariable("SKIFF_HOSTILE_MINUTES") ?? "0.15", CultureInfo.InvariantCulture);
        var start = Stopwatch.GetTimestamp();
        var ended = 0;
        await Task.WhenAll(Enumerable.Range(0, AtATime).Select(async _ =>
        {
            // Each kind at least once, however short the time is.
            for (var i = 0; i < Deeds.Length || Stopwatch.GetElapsedTime(start).TotalMinutes < minutes; i++)
            {
                var deed = Deeds[i < Deeds.Length ? i : Next(Deeds.Length)];
                var container = await pod.StartAsync([$"/hostile.wat#{deed}"], config => config.Linux.Resources.MemoryLimitInBytes = 64 << 20);
                await Task.Delay(Next(200));
                await container.StopAsync(TimeSpan.Zero);

                // Of a guest that ends at this moment containerd says that it has stopped before it has noted so.
                await container.EndAsync();
                await container.RemoveAsync();
                Interlocked.Increment(ref ended);
            }
        }));
        return ended;

        int Next(int limit)
        {
            lock (random)
            {
                return random.Next(limit);
            }
        }
    }

    // An answer that does not come, or is another, fails the task.
    private async Task<(int Count, TimeSpan Longest)> BeatAsync(string address, CancellationToken over)
    {
        var (count, longest) = (0, TimeSpan.Zero);
        while (!over.IsCancellationRequested)
        {
            var start = Stopwatch.GetTimestamp();
            Assert.Equal("Hello, world!", await _client.GetStringAsync(address, CancellationToken.None));
            var time = Stopwatch.GetElapsedTime(start);
            longest = time > longest ? time : longest;
            count++;
            await Task.Delay(Beat, CancellationToken.None);
        }

        return (count, longest);
    }
}
