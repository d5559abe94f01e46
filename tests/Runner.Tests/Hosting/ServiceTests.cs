using System.Net;
using System.Net.Sockets;
using Skiff.Guest;

namespace Skiff.Runner.Tests.Hosting;

/// <summary>Guests of a host that answer requests.</summary>
public sealed class ServiceTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_handler_answers_until_it_is_asked_to_stop()
    {
        await using var host = new TestHost();
        var address = FreeAddress();
        await using var guest = await host.StartAsync(HostingTexts.Http, Listening(address));
        using var client = new HttpClient();
        Assert.Contains("\n", await GetAsync(client, address), StringComparison.Ordinal);

        // The answer is here before its request is over.
        var usage = await guest.UsageAsync();
        for (var i = 0; i < 500 && (usage.Requests, usage.Instances, usage.MemoryBytes) != (1, 0, 0); i++)
        {
            await Task.Delay(10, Cancellation);
            usage = await guest.UsageAsync();
        }

        Assert.Equal((1, 0), (usage.Requests, usage.Instances));
        Assert.Equal(0, usage.MemoryBytes);
        Assert.True(usage.CpuNanoseconds > 0);
        await guest.SayAsync("signal 15");
        Assert.Equal(0, await guest.ExitAsync());
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync($"http://{address}/", Cancellation));
        Assert.Contains(" 200 ", await guest.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_handler_is_killed_at_once_and_its_connections_with_it()
    {
        await using var host = new TestHost();
        var address = FreeAddress();
        await using var guest = await host.StartAsync(HostingTexts.Http, Listening(address));
        using var client = new HttpClient();
        await GetAsync(client, address);
        using var idle = new TcpClient();
        await idle.ConnectAsync(address, Cancellation);
        await guest.SayAsync("signal 9");
        Assert.Equal(137, await guest.ExitAsync());
        Assert.Equal(0, await idle.GetStream().ReadAsync(new byte[1], Cancellation).AsTask().ContinueWith(read => read.IsFaulted ? 0 : read.Result, TaskScheduler.Default));
    }

    [Fact]
    public async Task Requests_to_a_paused_handler_wait_until_it_is_resumed()
    {
        await using var host = new TestHost();
        var address = FreeAddress();
        await using var guest = await host.StartAsync(HostingTexts.Http, Listening(address));
        using var client = new HttpClient();
        await GetAsync(client, address);
        await guest.SayAsync(HostProtocol.Pause);
        Assert.Equal(HostProtocol.Paused, await guest.HearAsync());
        var waiting = client.GetStringAsync($"http://{address}/", Cancellation);
        await Task.Delay(300, Cancellation);
        Assert.False(waiting.IsCompleted);
        await guest.SayAsync(HostProtocol.Resume);
        Assert.Equal(HostProtocol.Resumed, await guest.HearAsync());
        await waiting;
        await guest.SayAsync("signal 2");
        Assert.Equal(0, await guest.ExitAsync());
    }

    [Fact]
    public async Task A_handler_may_be_given_fewer_requests_at_once_and_tells_how_many_it_has()
    {
        await using var host = new TestHost();
        var address = FreeAddress();
        await using var guest = await host.StartAsync(
            HostingTexts.Http, order => Listening(address)(order) with { Permissions = [["max-in-flight", "1"]] });
        using var client = new HttpClient();
        await GetAsync(client, address);
        await guest.SayAsync(HostProtocol.Pause);
        Assert.Equal(HostProtocol.Paused, await guest.HearAsync());
        var waiting = Enumerable.Range(0, 3).Select(_ => client.GetStringAsync($"http://{address}/", Cancellation)).ToList();
        for (var i = 0; i < 500 && (await guest.UsageAsync()).RequestsInFlight != 3; i++)
        {
            await Task.Delay(10, Cancellation);
        }

        Assert.True((await guest.UsageAsync()).Instances <= 1);
        await guest.SayAsync(HostProtocol.Resume);
        Assert.Equal(HostProtocol.Resumed, await guest.HearAsync());
        await Task.WhenAll(waiting);
        await guest.SayAsync("signal 9");
        Assert.Equal(137, await guest.ExitAsync());
    }

    [Fact]
    public async Task A_handler_has_as_many_connections_as_it_may_and_the_next_waits_for_a_place()
    {
        await using var host = new TestHost();
        var address = FreeAddress();
        await using var guest = await host.StartAsync(
            HostingTexts.Http, order => Listening(address)(order) with { Permissions = [["max-connections", "1"]] });
        var first = new HttpClient();
        await GetAsync(first, address);
        for (var i = 0; i < 500 && (await guest.UsageAsync()).ConnectionsHeldBack == 0; i++)
        {
            await Task.Delay(10, Cancellation);
        }

        var usage = await guest.UsageAsync();
        Assert.Equal((1, 1), (usage.Connections, usage.ConnectionsHeldBack));
        using var second = new HttpClient();
        var waiting = second.GetStringAsync($"http://{address}/", Cancellation);
        await Task.Delay(200, Cancellation);
        Assert.False(waiting.IsCompleted);
        first.Dispose();
        await waiting;
        await guest.SayAsync("signal 9");
        Assert.Equal(137, await guest.ExitAsync());
    }

    [Fact]
    public async Task An_address_that_is_taken_ends_the_guest_with_a_text()
    {
        await using var host = new TestHost();
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        await using var guest = await host.StartAsync(HostingTexts.Http, Listening((IPEndPoint)taken.LocalEndpoint));
        Assert.Equal(GuestExit.CannotExecute, await guest.ExitAsync());
        Assert.Contains("cannot listen on 127.0.0.1", await guest.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_handler_at_rest_costs_little()
    {
        const int Guests = 200;
        await using var host = new TestHost();
        var guests = new List<TestGuest>();
        using var nowhere = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        using var client = new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero });
        long managed = 0, resident = 0;
        for (var i = 0; i <= Guests; i++)
        {
            var address = FreeAddress();
            var guest = await host.OrderAsync(HostingTexts.Http, Listening(address), output: nowhere, error: nowhere);
            Assert.Equal(HostProtocol.Ready, await guest.HearAsync());
            await guest.SayAsync(HostProtocol.Start);
            await GetAsync(client, address);
            if (i == 0)
            {
                (managed, resident) = (GC.GetTotalMemory(forceFullCollection: true), Environment.WorkingSet);
            }

            guests.Add(guest);
        }

        // The sides of the test and of the client are counted too.
        var each = (GC.GetTotalMemory(forceFullCollection: true) - managed) / Guests;
        TestContext.Current.TestOutputHelper?.WriteLine($"{each} managed bytes each, {(Environment.WorkingSet - resident) / Guests} bytes of the working set");
        Assert.InRange(each, 0, 100 * 1024);
        foreach (var guest in guests)
        {
            await guest.DisposeAsync();
        }
    }

    internal static Func<GuestOrder, GuestOrder> Listening(IPEndPoint address) =>
        order => order with { Environment = [$"WASMTIME_HTTP_PROXY_SOCKET_ADDR={address}"] };

    internal static IPEndPoint FreeAddress()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return (IPEndPoint)listener.LocalEndpoint;
    }

    /// <summary>Asks until it listens.</summary>
    internal static async Task<string> GetAsync(HttpClient client, IPEndPoint address)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return await client.GetStringAsync($"http://{address}/", Cancellation);
            }
            catch (HttpRequestException) when (attempt < 200)
            {
                await Task.Delay(20, Cancellation);
            }
        }
    }
}
