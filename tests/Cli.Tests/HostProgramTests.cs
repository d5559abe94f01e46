using System.Diagnostics;
using System.Globalization;
using System.Net;
using Skiff.Guest;
using Skiff.Linux;
using Skiff.Runner.Tests;
using Skiff.Runner.Tests.Hosting;

namespace Skiff.Cli.Tests;

/// <summary><c>skiff host</c> as a program.</summary>
public sealed class HostProgramTests : IDisposable
{
    private readonly SkiffProgram _skiff = new();
    private ChildProcess? _process;

    public void Dispose() => _skiff.Dispose();

    [Fact]
    public async Task A_host_runs_guests_beside_each_other_and_ends_with_its_maker()
    {
        await using (var host = Start())
        {
            await using var endless = await host.StartAsync(Texts.Loop);
            await using var guest = await host.StartAsync(Texts.Hello);
            Assert.Equal(0, await guest.ExitAsync());
            Assert.Equal("hello\n", await guest.Output);
            Assert.Equal(GuestExit.Trapped, await host.RunAsync(HostingTexts.Overflows));
            await endless.SayAsync("signal 15");
            Assert.Equal(143, await endless.ExitAsync());
            await host.StartAsync(Texts.Loop);
        }

        Assert.Equal(0, (await _process!.Exit).Code);
    }

    /// <summary>SKIFF_PROGRAM=…/skiff, compiled ahead of time; the figures are those of docs/benchmarks.md.</summary>
    [Fact(Explicit = true)]
    public async Task Figures()
    {
        await using var host = Start();
        await host.RunAsync(Texts.Hello);
        var lives = new List<(double Ready, double Exit)>();
        for (var i = 0; i < 100; i++)
        {
            var clock = Stopwatch.StartNew();
            await using var guest = await host.OrderAsync(Texts.Hello);
            Assert.Equal(HostProtocol.Ready, await guest.HearAsync());
            var ready = clock.Elapsed.TotalMilliseconds;
            await guest.SayAsync(HostProtocol.Start);
            await guest.ExitAsync();
            lives.Add((ready, clock.Elapsed.TotalMilliseconds));
        }

        Say($"cached hello: order to ready {lives.Select(life => life.Ready).Order().ElementAt(50):0.00} ms, to exit {lives.Select(life => life.Exit).Order().ElementAt(50):0.00} ms (medians, with the test's own hashing of the module)");
    }

    /// <summary>As <see cref="Figures"/>.</summary>
    [Fact(Explicit = true)]
    public async Task Sleeping_commands()
    {
        await using var host = Start();
        await GrowAsync("sleeping command", _ => Begin(host, Texts.Sleep, order => order), CancellationToken.None);
    }

    /// <summary>As <see cref="Figures"/>.</summary>
    [Fact(Explicit = true)]
    public async Task Idle_handlers()
    {
        await using var host = Start();
        using var client = new HttpClient();
        await GrowAsync(
            "idle handler",
            async i =>
            {
                var address = new IPEndPoint(IPAddress.Parse($"127.0.1.{(i % 250) + 1}"), 20_000 + (i / 250));
                var guest = await Begin(host, HostingTexts.Http, order => order with { Environment = [$"WASMTIME_HTTP_PROXY_SOCKET_ADDR={address}"] });
                for (var attempt = 0; ; attempt++)
                {
                    try
                    {
                        using var once = new HttpRequestMessage(HttpMethod.Get, $"http://{address}/");
                        once.Headers.ConnectionClose = true;
                        using var response = await client.SendAsync(once);
                        break;
                    }
                    catch (HttpRequestException) when (attempt < 100)
                    {
                        await Task.Delay(10);
                    }
                }

                return guest;
            },
            CancellationToken.None);
    }

    private async Task GrowAsync(string what, Func<int, Task<TestGuest>> begin, CancellationToken cancellation)
    {
        var guests = new List<TestGuest>();
        long first = 0;
        foreach (var count in new[] { 10, 100, 1000 })
        {
            while (guests.Count < count)
            {
                guests.Add(await begin(guests.Count));
            }

            await Task.Delay(1000, cancellation);
            var memory = Memory();
            first = first == 0 ? memory : first;
            Say($"{count} × {what}: PSS {memory / 1024} KiB, {(count > 10 ? (memory - first) / (count - 10) : 0)} bytes for each beyond the first ten, {Threads()} threads");
        }

        foreach (var guest in guests)
        {
            await guest.KillAsync();
            await guest.ExitAsync();
            await guest.DisposeAsync();
        }
    }

    private static async Task<TestGuest> Begin(TestHost host, string text, Func<GuestOrder, GuestOrder> change)
    {
        using var nowhere = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        var guest = await host.OrderAsync(text, change, output: nowhere, error: nowhere);
        Assert.Equal(HostProtocol.Ready, await guest.HearAsync());
        await guest.SayAsync(HostProtocol.Start);
        return guest;
    }

    private TestHost Start() => new(theirs => (_process = _skiff.Spawn(["host"], null, theirs)).Exit);

    private long Memory()
    {
        var line = File.ReadLines($"/proc/{_process!.Pid}/smaps_rollup").First(line => line.StartsWith("Pss:", StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }

    private int Threads() => Directory.GetDirectories($"/proc/{_process!.Pid}/task").Length;

    private static void Say(string text) => TestContext.Current.TestOutputHelper?.WriteLine(text);
}
