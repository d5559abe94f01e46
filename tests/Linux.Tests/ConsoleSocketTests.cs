using System.Net.Sockets;
using Skiff.Linux.Tests.Doubles;

namespace Skiff.Linux.Tests;

public sealed class ConsoleSocketTests(ReaperFixture fixture) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_terminal_is_received_and_resized()
    {
        using var listener = new ConsoleSocket(_folder["console"]);
        using var master = PseudoTerminal.OpenMaster(out var slave);
        using var runtime = Connect();
        PseudoTerminal.Send(runtime, master);
        using var terminal = await listener.ReceiveAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(10));
        terminal.Resize(132, 43);
        var result = await fixture.RunShell($"stty -F {slave} size");
        Assert.Equal("43 132\n", result.Output);
    }

    [Fact]
    public async Task Only_the_owner_may_connect_and_the_file_goes_at_the_end()
    {
        using (new ConsoleSocket(_folder["console"]))
        {
            var result = await fixture.RunShell($"stat -c %a {_folder["console"]}");
            Assert.Equal("600\n", result.Output);
            Assert.Equal(Errno.EADDRINUSE, Assert.Throws<LinuxException>(() => new ConsoleSocket(_folder["console"])).Errno);
        }

        Assert.False(File.Exists(_folder["console"]));
    }

    [Fact]
    public async Task Surplus_descriptors_are_closed()
    {
        using var listener = new ConsoleSocket(_folder["console"]);
        using var master = PseudoTerminal.OpenMaster(out _);
        using var runtime = Connect();
        var (read, write) = Descriptors.Pipe();
        PseudoTerminal.Send(runtime, master, write, write, write);
        write.Dispose();
        using var terminal = await listener.ReceiveAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(10));

        // Its last writer is closed only if none of the three copies stayed open.
        using var reader = new FileStream(read, FileAccess.Read, 0);
        Assert.Equal(-1, await Task.Run(reader.ReadByte).WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task A_runtime_that_hangs_up_is_an_error()
    {
        using var listener = new ConsoleSocket(_folder["console"]);
        var receiving = listener.ReceiveAsync(CancellationToken.None);
        using (var runtime = Connect())
        {
            await runtime.SendAsync("some text"u8.ToArray());
        }

        var error = await Assert.ThrowsAsync<LinuxException>(() => receiving.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.Contains("hung up", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_descriptor_that_is_no_terminal_is_an_error()
    {
        using var listener = new ConsoleSocket(_folder["console"]);
        using var file = Descriptors.Memory("not-a-terminal", "x"u8);
        using var runtime = Connect();
        PseudoTerminal.Send(runtime, file);
        var error = await Assert.ThrowsAsync<LinuxException>(() => listener.ReceiveAsync(CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.Equal(Errno.ENOTTY, error.Errno);
    }

    [Fact]
    public async Task Waiting_can_be_cancelled()
    {
        using var listener = new ConsoleSocket(_folder["console"]);
        using var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => listener.ReceiveAsync(cancellation.Token));
    }

    [Fact]
    public void A_path_too_long_for_a_socket_is_refused_with_its_length()
    {
        var error = Assert.Throws<LinuxException>(() => new ConsoleSocket("/tmp/" + new string('x', 103)));
        Assert.Contains("108 bytes", error.Message, StringComparison.Ordinal);
    }

    private Socket Connect()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(_folder["console"]));
        return socket;
    }
}
