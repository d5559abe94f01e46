using System.Net;
using System.Text;
using Skiff.Wasi.Names;

namespace Skiff.Wasi.Tests.Names;

public sealed class HostsFileTests
{
    [Fact]
    public void What_kubelet_writes_is_read()
    {
        var hosts = Parse("# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::0\tip6-localnet\n10.1.2.3\tweb-0.web.default.svc.cluster.local\tweb-0 # me\n");
        Assert.Equal([IPAddress.Loopback, IPAddress.IPv6Loopback], hosts.Find("localhost"));
        Assert.Equal([IPAddress.Parse("10.1.2.3")], hosts.Find("WEB-0"));
        Assert.Equal([IPAddress.Parse("10.1.2.3")], hosts.Find("web-0.web.default.svc.cluster.local."));
        Assert.Empty(hosts.Find("web"));
        Assert.Empty(hosts.Find("me"));
    }

    [Theory]
    [InlineData("1 web")]
    [InlineData("1.2.3 web")]
    [InlineData("nonsense web")]
    [InlineData("fe80::1%lo web")]
    [InlineData("::ffff:1.2.3.4 web")]
    [InlineData("1.2.3.4 # web")]
    public void A_line_without_address_and_name_is_passed_over(string line) =>
        Assert.Equal([IPAddress.Loopback], Parse($"{line}\n127.0.0.1 web").Find("web"));

    [Fact]
    public void More_names_than_anybody_needs_are_refused()
    {
        var fault = Assert.Throws<InvalidDataException>(() => Parse("127.0.0.1 " + string.Concat(Enumerable.Repeat("a ", 9000))));
        Assert.Contains("8192", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_with_thousands_of_addresses_has_some_of_them()
    {
        var hosts = Parse(string.Concat(Enumerable.Range(0, 8000).Select(i => $"10.0.{i / 250}.{i % 250} web\n")));
        Assert.Equal(DnsMessage.AddressesMax, hosts.Find("web").Count);
    }

    private static HostsFile Parse(string text) => HostsFile.Parse(Encoding.UTF8.GetBytes(text));
}
