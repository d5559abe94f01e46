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

    /// <summary>The starter listens, hands the listener on and ends; its parent is slow to reap it. The listener is alive all the time.</summary>
    [Fact]
    public async Task A_listener_outlives_the_one_that_started_it()
    {
        const string Script = """
            use Socket;
            pipe(my $end, my $hold);
            if (!fork) {
                socket(my $listener, AF_UNIX, SOCK_STREAM, 0); bind($listener, sockaddr_un("$ARGV[0].new")); listen($listener, 64);
                if (!fork) { close $hold; sysread($end, my $byte, 1); exit }
                rename("$ARGV[0].new", $ARGV[0]); exit
            }
            sleep 100;
            """;
        var child = fixture.Reaper.Spawn(new SpawnRequest { Program = "/usr/bin/perl", Arguments = ["perl", "-e", Script, _folder["s"]] });
        await Eventually.True(() => File.Exists(_folder["s"]));

        var pid = 0;
        for (var i = 0; i < 50; i++)
        {
            Assert.True(UnixPeer.IsListening(_folder["s"], out pid));
            await Task.Delay(2);
        }

        Assert.False(ProcessIdentity.Lives(pid));
        child.Signal(Signals.SIGKILL);
        await child.Exit;
        await Eventually.True(() => !UnixPeer.IsListening(_folder["s"]));
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
