using System.Net.Sockets;
using Skiff.Shim.Bootstrap;

namespace Skiff.Shim.Tests.Bootstrap;

public sealed class ShimSocketTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sk").FullName;

    [Fact]
    public void The_path_depends_on_all_that_tells_groups_apart()
    {
        string[] paths =
        [
            Path("/a.sock", "ns", "g", "containerd-shim-skiff-v1"),
            Path("/b.sock", "ns", "g", "containerd-shim-skiff-v1"),
            Path("/a.sock", "other", "g", "containerd-shim-skiff-v1"),
            Path("/a.sock", "ns", "h", "containerd-shim-skiff-v1"),
            Path("/a.sock", "ns", "g", "containerd-shim-wasmtime-v1"),
        ];

        Assert.Equal(paths.Length, paths.Distinct().Count());
        Assert.All(paths, path => Assert.True(path.Length <= 106));
        Assert.Equal(paths[0], Path("/a.sock", "ns", "g", "/usr/local/bin/containerd-shim-skiff-v1"));
    }

    [Fact]
    public void A_folder_that_is_too_long_is_named() => Assert.Contains(
        "socket_dir", Assert.Throws<ShimException>(() => ShimSocket.PathFor("/" + new string('x', 60), "", "", "", "")).Message, StringComparison.Ordinal);

    [Fact]
    public void A_living_listener_is_joined_and_a_dead_one_replaced()
    {
        var path = $"{_folder}/s";
        using (var first = ShimSocket.TryListen(path, out _))
        {
            Assert.NotNull(first);
            Assert.Null(ShimSocket.TryListen(path, out var server));
            Assert.Equal(Environment.ProcessId, server);
            ShimSocket.RemoveDead(path, TimeSpan.Zero);
            Assert.True(File.Exists(path));
        }

        using var second = ShimSocket.TryListen(path, out _);
        Assert.NotNull(second);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }

    [Fact]
    public void A_dead_socket_is_removed()
    {
        var path = $"{_folder}/s";
        ShimSocket.TryListen(path, out _)!.Dispose();
        ShimSocket.RemoveDead(path, TimeSpan.Zero);
        ShimSocket.RemoveDead(path, TimeSpan.Zero);

        Assert.False(File.Exists(path));
    }

    [Fact]
    public void For_the_socket_of_a_living_server_nobody_waits()
    {
        var path = $"{_folder}/s";
        using var listener = ShimSocket.TryListen(path, out _);
        var start = TimeProvider.System.GetTimestamp();
        ShimSocket.RemoveDead(path, TimeSpan.FromMinutes(1));
        Assert.True(TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromSeconds(30));
        Assert.True(File.Exists(path));
    }

    [Fact]
    public async Task Of_many_starters_at_once_one_listens()
    {
        var path = $"{_folder}/s";
        ShimSocket.TryListen(path, out _)!.Dispose();
        var listeners = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() =>
        {
            using var held = ShimSocket.Lock(_folder);
            return ShimSocket.TryListen(path, out _);
        })));

        var listener = Assert.Single(listeners, found => found is not null)!;
        using var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        client.Connect(new UnixDomainSocketEndPoint(path));
        listener.Dispose();
    }

    [Theory]
    [InlineData("unix:///run/s/x", "/run/s/x")]
    [InlineData("unix:///run/s/x\n", "/run/s/x")]
    [InlineData("unix://relative", null)]
    [InlineData("vsock://3:1024", null)]
    [InlineData("", null)]
    public void An_address_is_taken_apart(string address, string? path) => Assert.Equal(path, ShimSocket.PathOf(address));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Path(string address, string @namespace, string group, string program) =>
        ShimSocket.PathFor(_folder, address, @namespace, group, program);
}
