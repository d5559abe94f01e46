using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Skiff.Linux;
using Skiff.Testing;
using Skiff.Wasi.Sockets;

namespace Skiff.Wasi.Tests.Names;

/// <summary>Names of pods: files below their roots, and a name server that only their networks reach.</summary>
public sealed class PodNamesTests : IDisposable
{
    private static readonly Dictionary<string, string[]> Records = new()
    {
        ["web.a.example"] = ["10.0.0.1", "fd77::80"],
        ["web.b.example"] = ["10.0.0.2"],
        ["only-b.b.example"] = ["10.0.0.3"],
        ["plain.example"] = ["10.0.0.4"],
        ["long.example"] = [.. Enumerable.Range(1, 40).Select(i => $"10.0.1.{i}")],
        ["broken.example"] = ["10.0.0.5"],
        ["forged.example"] = ["10.0.0.6"],
        ["silent.example"] = ["10.0.0.7"],
        ["alias.example"] = ["other.example"],
        ["other.example"] = ["third.example"],
        ["third.example"] = ["10.0.0.8"],
        ["nothing.example"] = [],
        ["xn--bcher-kva.example"] = ["10.0.0.9"],
    };

    private readonly TemporaryFolder _root = new();
    private readonly PodNetworks _networks;
    private readonly NameServer _server;
    private GuestNetworkPlace? _place;

    public PodNamesTests()
    {
        _networks = new PodNetworks(1);
        using var middle = _networks.OpenSwitch();
        _server = new NameServer(middle, IPAddress.Parse(PodNetworks.ServerAddress), Records);
        Directory.CreateDirectory(_root["etc"]);
        Configure("search a.example b.example", "options timeout:20 attempts:1");
    }

    public void Dispose()
    {
        _place?.Dispose();
        _server?.Dispose();
        _networks?.Dispose();
        _root.Dispose();
    }

    [Theory]
    [InlineData("plain.example", "10.0.0.4")]
    [InlineData("PLAIN.example.", "10.0.0.4")]
    [InlineData("only-b", "10.0.0.3")]
    [InlineData("alias.example", "10.0.0.8")]
    [InlineData("forged.example", "10.0.0.6")]
    [InlineData("bücher.example", "10.0.0.9")]
    public async Task A_name_is_found_where_it_is(string name, string address) =>
        Assert.Equal([IPAddress.Parse(address)], await Place().LookUpAsync(name, CancellationToken.None));

    [Fact]
    public async Task Search_domains_are_tried_in_their_order_and_both_families_asked_for()
    {
        // The pod has an address of the same kind as fd77::80.
        Assert.Equal([IPAddress.Parse("fd77::80"), IPAddress.Parse("10.0.0.1")], await Place().LookUpAsync("web", CancellationToken.None));
        Assert.Equal(["udp 1 web.a.example", "udp 28 web.a.example"], _server.Questions.Order());
        Configure("search b.example a.example", "options no-aaaa");
        Assert.Equal([IPAddress.Parse("10.0.0.2")], await Place().LookUpAsync("web", CancellationToken.None));
        Assert.Equal("udp 1 web.b.example", _server.Questions.Last());
    }

    [Fact]
    public async Task Few_dots_are_searched_for_first_and_many_last()
    {
        Configure("search a.example b.example", "options ndots:2 no-aaaa");
        await Place().LookUpAsync("plain.example", CancellationToken.None);
        Assert.Equal(["udp 1 plain.example.a.example", "udp 1 plain.example.b.example", "udp 1 plain.example"], _server.Questions);
        _server.Questions.Clear();
        Configure("search a.example b.example", "options ndots:1 no-aaaa");
        await Place().LookUpAsync("plain.example", CancellationToken.None);
        Assert.Equal(["udp 1 plain.example"], _server.Questions);
    }

    [Theory]
    [InlineData("nowhere.example", SocketError.HostNotFound)]
    [InlineData("nothing.example", SocketError.NoData)]
    [InlineData("broken.example", SocketError.TryAgain)]
    [InlineData("silent.example", SocketError.TryAgain)]
    [InlineData("a..b", SocketError.HostNotFound)]
    public async Task What_is_not_found_says_why(string name, SocketError error)
    {
        Configure($"options attempts:1 timeout:{(name.StartsWith("silent", StringComparison.Ordinal) ? 1 : 20)}");
        var fault = await Assert.ThrowsAsync<SocketException>(() => Place().LookUpAsync(name, CancellationToken.None));
        Assert.Equal(error, fault.SocketErrorCode);
        Assert.Contains(name, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_that_was_cut_short_is_asked_for_by_TCP()
    {
        Assert.Equal(40, (await Place().LookUpAsync("long.example", CancellationToken.None)).Length);
        Assert.Contains("tcp 1 long.example", _server.Questions);
        Configure("options use-vc no-aaaa");
        _server.Questions.Clear();
        await Place().LookUpAsync("plain.example", CancellationToken.None);
        Assert.Equal(["tcp 1 plain.example"], _server.Questions);
    }

    [Fact]
    public async Task The_next_server_is_asked_where_one_says_nothing()
    {
        // The first is nobody, the second refuses.
        File.WriteAllText(_root["etc/resolv.conf"], $"nameserver 10.77.0.200\nnameserver {PodNetworks.Address(0)}\nnameserver {PodNetworks.ServerAddress}\noptions timeout:5 attempts:1\n");
        Assert.Equal([IPAddress.Parse("10.0.0.4")], await Place().LookUpAsync("plain.example", CancellationToken.None));
    }

    [Fact]
    public async Task The_name_server_may_have_an_IPv6_address()
    {
        using var middle = _networks.OpenSwitch();
        using var server = new NameServer(middle, IPAddress.Parse(PodNetworks.ServerAddressV6), Records);
        File.WriteAllText(_root["etc/resolv.conf"], $"nameserver {PodNetworks.ServerAddressV6}\noptions timeout:20\n");
        Assert.Equal([IPAddress.Parse("10.0.0.4")], await Place().LookUpAsync("plain.example", CancellationToken.None));
        Assert.NotEmpty(server.Questions);
    }

    [Fact]
    public async Task The_hosts_file_comes_first_and_is_read_again_when_it_changes()
    {
        File.WriteAllText(_root["etc/hosts"], "10.9.9.9 plain.example web\n");
        Assert.Equal([IPAddress.Parse("10.9.9.9")], await Place().LookUpAsync("web", CancellationToken.None));
        File.WriteAllText(_root["etc/hosts"], "10.9.9.8 web\n");
        Assert.Equal([IPAddress.Parse("10.9.9.8")], await Place().LookUpAsync("web", CancellationToken.None));
        Assert.Empty(_server.Questions);
        File.Delete(_root["etc/hosts"]);
        Assert.Equal(2, (await Place().LookUpAsync("web", CancellationToken.None)).Length);
    }

    [Fact]
    public async Task The_files_are_those_below_the_root_wherever_links_lead()
    {
        using var outside = new TemporaryFolder();
        File.WriteAllText(outside["hosts"], "10.6.6.6 web\n");
        File.CreateSymbolicLink(_root["etc/hosts"], outside["hosts"]);
        Assert.Equal(2, (await Place().LookUpAsync("web", CancellationToken.None)).Length);
        File.Delete(_root["etc/hosts"]);
        File.WriteAllText(_root["hosts"], "10.9.9.7 web\n");
        File.CreateSymbolicLink(_root["etc/hosts"], "/../../hosts");
        Assert.Equal([IPAddress.Parse("10.9.9.7")], await Place().LookUpAsync("web", CancellationToken.None));
    }

    [Fact]
    public async Task A_hosts_file_that_is_too_long_or_no_file_is_told()
    {
        File.WriteAllText(_root["etc/hosts"], new string('#', 300 * 1024));
        var fault = await Assert.ThrowsAsync<SocketException>(() => Place().LookUpAsync("web", CancellationToken.None));
        Assert.Equal(SocketError.NoRecovery, fault.SocketErrorCode);
        Assert.Contains("etc/hosts", fault.Message, StringComparison.Ordinal);
        File.Delete(_root["etc/hosts"]);
        Process.Start("mkfifo", _root["etc/hosts"]).WaitForExit();
        Assert.Equal(2, (await Place().LookUpAsync("web", CancellationToken.None)).Length);
    }

    [Fact]
    public async Task Localhost_needs_no_file() =>
        Assert.Equal([IPAddress.IPv6Loopback, IPAddress.Loopback], await Place().LookUpAsync("localhost", CancellationToken.None));

    [Fact]
    public async Task A_lookup_can_be_called_off()
    {
        Configure("options timeout:30");
        using var end = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Place().LookUpAsync("silent.example", end.Token).WaitAsync(TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public async Task Questions_come_from_ports_that_nobody_foresees()
    {
        for (var round = 0; round < 10; round++)
        {
            await Place().LookUpAsync("plain.example", CancellationToken.None);
        }

        Assert.InRange(_server.Ports.Count, 15, 20);
    }

    [Fact]
    public async Task Of_too_many_lookups_some_wait_and_the_rest_are_refused()
    {
        Configure("options timeout:30");
        using var end = new CancellationTokenSource();
        var lookups = Enumerable.Range(0, 16 + 1024 + 5).Select(_ => Place().LookUpAsync("silent.example", end.Token)).ToList();
        var refused = lookups.Where(lookup => lookup.IsFaulted).ToList();
        Assert.Equal(5, refused.Count);
        Assert.All(refused, lookup => Assert.Equal(SocketError.TryAgain, ((SocketException)lookup.Exception!.InnerException!).SocketErrorCode));
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => Task.WhenAll(lookups).WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.All(lookups.Except(refused), lookup => Assert.True(lookup.IsCanceled));
        Assert.Equal([IPAddress.Parse("10.0.0.4")], await Place().LookUpAsync("plain.example", CancellationToken.None));
    }

    private GuestNetworkPlace Place() => _place ??= GuestNetworkPlace.OfPod(
        _networks.Open(0), new RootDirectory(_root.Path), TimeProvider.System);

    private void Configure(params string[] lines) =>
        File.WriteAllText(_root["etc/resolv.conf"], string.Join('\n', [$"nameserver {PodNetworks.ServerAddress}", .. lines]) + "\n");
}
