using System.Net;
using System.Text;
using Skiff.Wasi.Names;

namespace Skiff.Wasi.Tests.Names;

/// <summary>resolv.conf(5), as people and kubelet write it.</summary>
public sealed class ResolverConfigurationTests
{
    [Fact]
    public void What_kubelet_writes_is_read()
    {
        var read = Parse("search default.svc.cluster.local svc.cluster.local cluster.local.\nnameserver 10.96.0.10\noptions ndots:5\n");
        Assert.Equal([IPAddress.Parse("10.96.0.10")], read.Servers);
        Assert.Equal(["default.svc.cluster.local", "svc.cluster.local", "cluster.local"], read.Domains);
        Assert.Equal(5, read.Ndots);
        Assert.Equal((TimeSpan.FromSeconds(5), 2, false, false, false), (read.Timeout, read.Attempts, read.Rotate, read.UseStream, read.OnlyV4));
    }

    [Fact]
    public void Without_a_name_server_the_one_of_this_machine_is_asked()
    {
        Assert.Equal([IPAddress.Loopback], Parse("").Servers);
        Assert.Equal([IPAddress.Loopback], Parse("# nameserver 1.2.3.4\n; nameserver 1.2.3.4\n nameserver 1.2.3.4\nnameserver\nnameserver nonsense\nnameserver 5\n").Servers);
    }

    [Fact]
    public void The_first_three_name_servers_count_and_the_last_list_of_domains()
    {
        var read = Parse("domain a.example b.example\r\nnameserver\t1.1.1.1\nnameserver ::1 # far\nnameserver fe80::1%eth0\nnameserver fe80::1%3\nnameserver 4.4.4.4\nsearch c.example\n");
        Assert.Equal([IPAddress.Parse("1.1.1.1"), IPAddress.IPv6Loopback, IPAddress.Parse("fe80::1%3")], read.Servers);
        Assert.Equal(["c.example"], read.Domains);
        Assert.Equal(["a.example"], Parse("search c.example\ndomain a.example b.example").Domains);
    }

    [Fact]
    public void Options_are_kept_within_their_bounds()
    {
        var read = Parse("options timeout:1 attempts:3 rotate\noptions use-vc no-aaaa ndots:0 edns0 whatever:7 timeout:-1 attempts:x");
        Assert.Equal((TimeSpan.FromSeconds(1), 3, 0, true, true, true), (read.Timeout, read.Attempts, read.Ndots, read.Rotate, read.UseStream, read.OnlyV4));
        read = Parse("options timeout:1000 attempts:1000 ndots:1000");
        Assert.Equal((TimeSpan.FromSeconds(30), 5, 15), (read.Timeout, read.Attempts, read.Ndots));
        read = Parse("options timeout:0 attempts:0");
        Assert.Equal((TimeSpan.FromSeconds(1), 1), (read.Timeout, read.Attempts));
    }

    [Fact]
    public void Domains_are_names_and_not_more_than_32()
    {
        var read = Parse("search a..b " + new string('x', 64) + " " + string.Join(' ', Enumerable.Range(0, 50).Select(i => $"d{i}")));
        Assert.Equal(Enumerable.Range(0, 32).Select(i => $"d{i}"), read.Domains);
    }

    [Theory]
    [InlineData("web", "web.a.example web.b.example web")]
    [InlineData("web.default", "web.default web.default.a.example web.default.b.example")]
    [InlineData("web.", "web")]
    [InlineData("web.default.", "web.default")]
    public void A_name_is_searched_for_by_its_dots(string name, string candidates) =>
        Assert.Equal(candidates.Split(' '), Parse("search a.example b.example").Candidates(name));

    [Fact]
    public void The_root_as_a_domain_adds_nothing() => Assert.Equal(["web"], Parse("search .").Candidates("web"));

    [Fact]
    public void Too_long_candidates_are_left_out() =>
        Assert.Equal(["web"], Parse("search " + string.Join('.', Enumerable.Repeat(new string('x', 50), 4)) + "." + new string('y', 47)).Candidates("web"));

    [Fact]
    public void Any_bytes_at_all_are_read()
    {
        var seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new System.Random(seed);
        var words = new[] { "nameserver ", "search ", "options ", "ndots:", "timeout:", ".", "%", ":", "::1", "1.2.3.4", "\n", "\t", "\0", "9999999999", "\u00e9" };
        for (var round = 0; round < 2000; round++)
        {
            var text = Encoding.UTF8.GetBytes(string.Concat(random.GetItems(words, 40)));
            for (var flips = random.Next(8); flips > 0; flips--)
            {
                text[random.Next(text.Length)] = (byte)random.Next(256);
            }

            var read = ResolverConfiguration.Parse(text);
            Assert.InRange(read.Servers.Count, 1, 3);
            Assert.InRange(read.Attempts, 1, 5);
            Assert.InRange(read.Timeout.TotalSeconds, 1, 30);
            Assert.All(read.Candidates("web"), candidate => Assert.True(DnsMessage.IsName(candidate)));
            Assert.InRange(read.Candidates("web").Count, 1, 33);
        }
    }

    private static ResolverConfiguration Parse(string text) => ResolverConfiguration.Parse(Encoding.UTF8.GetBytes(text));
}
