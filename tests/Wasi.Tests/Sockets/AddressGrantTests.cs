using System.Net;
using Skiff.Wasi.Sockets;

namespace Skiff.Wasi.Tests.Sockets;

public sealed class AddressGrantTests
{
    [Theory]
    [InlineData("*", "203.0.113.7", 80, true)]
    [InlineData("*:443", "203.0.113.7", 80, false)]
    [InlineData("*:443", "::1", 443, true)]
    [InlineData("10.0.0.0/8:1000-2000", "10.1.2.3", 1500, true)]
    [InlineData("10.0.0.0/8:1000-2000", "10.1.2.3", 2001, false)]
    [InlineData("10.0.0.0/8", "11.0.0.1", 80, false)]
    [InlineData("10.0.0.0/8", "::ffff:10.0.0.1", 80, true)]
    [InlineData("127.0.0.1:8080", "127.0.0.1", 8080, true)]
    [InlineData("127.0.0.1:8080", "127.0.0.2", 8080, false)]
    [InlineData("::1", "::1", 1, true)]
    [InlineData("[::1]:80", "::1", 81, false)]
    [InlineData("[fd00::]/8:80", "fd12::1", 80, true)]
    [InlineData("fd00::/8", "fe80::1", 80, false)]
    [InlineData("example.com", "203.0.113.7", 80, false)]
    public void Addresses_are_covered_as_written(string grant, string address, ushort port, bool covered) =>
        Assert.Equal(covered, AddressGrant.Parse(grant).Covers(IPAddress.Parse(address), port));

    [Theory]
    [InlineData("example.com", "example.com", true)]
    [InlineData("Example.com:443", "EXAMPLE.com.", true)]
    [InlineData("example.com", "www.example.com", false)]
    [InlineData("*.example.com", "www.example.com", true)]
    [InlineData("*.example.com", "example.com", false)]
    [InlineData("*.example.com", "evilexample.com", false)]
    [InlineData("*", "anything.test", true)]
    [InlineData("10.0.0.0/8", "example.com", false)]
    public void Names_are_covered_as_written(string grant, string name, bool covered) =>
        Assert.Equal(covered, AddressGrant.Parse(grant).Covers(name));

    [Theory]
    [InlineData("")]
    [InlineData("exa mple")]
    [InlineData("10.0.0.1/33")]
    [InlineData("127.0.0.1:http")]
    [InlineData("127.0.0.1:80-")]
    [InlineData("127.0.0.1:90-80")]
    [InlineData("127.0.0.1:65536")]
    [InlineData("[::1")]
    public void What_is_no_address_is_refused_with_its_text(string text) =>
        Assert.Contains(text, Assert.Throws<FormatException>(() => AddressGrant.Parse(text)).Message);

    [Fact]
    public void Nothing_is_granted_unless_named()
    {
        Assert.False(NetworkGrants.None.AllowsDestination(IPAddress.Loopback, 80));
        Assert.False(NetworkGrants.None.AllowsDestination("localhost", 80));
        Assert.False(NetworkGrants.None.AllowsLookup("localhost"));
        Assert.False(NetworkGrants.None.AllowsListen(IPAddress.Loopback, 0));
        Assert.True(NetworkGrants.All.AllowsDestination("localhost", 80));
        Assert.True(NetworkGrants.All.AllowsListen(IPAddress.IPv6Any, 80));
    }
}
