using System.Net.Sockets;
using Skiff.Linux.Tests.Doubles;

namespace Skiff.Linux.Tests;

public sealed class UnixListenerTests(ReaperFixture fixture) : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_child_that_inherits_the_listener_gets_the_connections()
    {
        using var listener = UnixListener.TryListen(_folder["s"], OwnerOnly);
        Assert.NotNull(listener);
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(_folder["s"]));
        var child = fixture.Reaper.Spawn(ReaperFixture.Shell("exec sleep 100") with { Inherited = [listener] });
        listener.Dispose();
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(_folder["s"]));
        child.Signal(Signals.SIGKILL);
        await child.Exit;
    }

    [Fact]
    public void Of_many_who_want_one_path_one_gets_it()
    {
        var listeners = Enumerable.Range(0, 20).AsParallel().Select(_ => UnixListener.TryListen(_folder["s"], OwnerOnly)).ToList();
        Assert.Single(listeners, listener => listener is not null);
        listeners.ForEach(listener => listener?.Dispose());
        Assert.Null(UnixListener.TryListen(_folder["s"], OwnerOnly));
    }

    [Fact]
    public void A_missing_folder_is_named()
    {
        var error = Assert.Throws<LinuxException>(() => UnixListener.TryListen(_folder["no/s"], OwnerOnly));
        Assert.Contains(_folder["no/s"], error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(107)]
    [InlineData(108)]
    public void The_longest_path_has_107_bytes(int length)
    {
        var path = _folder[new string('s', length - _folder.Path.Length - 1)];
        Assert.Equal(length, path.Length);
        if (length <= UnixListener.PathBytesMax)
        {
            using var listener = UnixListener.TryListen(path, OwnerOnly);
            Assert.True(File.Exists(path));
        }
        else
        {
            Assert.Equal(Errno.ENAMETOOLONG, Assert.Throws<LinuxException>(() => UnixListener.TryListen(path, OwnerOnly)).Errno);
        }
    }
}
