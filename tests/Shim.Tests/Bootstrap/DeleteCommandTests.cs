using System.Net.Sockets;
using Skiff.Shim.Bootstrap;
using Skiff.Shim.Protos;
using Skiff.Shim.Tests.Doubles;

namespace Skiff.Shim.Tests.Bootstrap;

public sealed class DeleteCommandTests : IDisposable
{
    private readonly string _bundle = Directory.CreateTempSubdirectory("sk").FullName;
    private readonly FakeSandbox _sandbox = new(TimeProvider.System);
    private readonly List<string> _warnings = [];

    [Fact]
    public void It_answers_as_if_the_container_had_been_killed()
    {
        var answer = DeleteResponse.Parser.ParseFrom(Run());

        Assert.Equal(137u, answer.ExitStatus);
        Assert.True(answer.ExitedAt.Seconds > 1_700_000_000);
        Assert.Equal([(_bundle, "c")], _sandbox.Removed);
    }

    [Fact]
    public void It_can_be_repeated_and_needs_no_bundle()
    {
        Directory.Delete(_bundle, recursive: true);
        Run();

        Assert.Equal(137u, DeleteResponse.Parser.ParseFrom(Run()).ExitStatus);
        Directory.CreateDirectory(_bundle);
    }

    [Fact]
    public void It_removes_the_socket_of_a_dead_server_and_not_of_a_living_one()
    {
        var path = $"{_bundle}/s";
        BundleFiles.WriteAddress(_bundle, $"unix://{path}");
        using (ShimSocket.TryListen(path, out _))
        {
            Run();
            Assert.True(File.Exists(path));
        }

        Run();
        Assert.False(File.Exists(path));
    }

    [Fact]
    public void It_removes_the_socket_of_a_dead_server_also_where_the_rest_fails_and_the_bundle_goes_meanwhile()
    {
        var path = $"{Path.GetTempPath()}/skiff-{Guid.NewGuid():N}";
        BundleFiles.WriteAddress(_bundle, $"unix://{path}");
        ShimSocket.TryListen(path, out _)!.Dispose();
        _sandbox.OnRemove = () =>
        {
            Directory.Delete(_bundle, recursive: true);
            throw new IOException("busy");
        };
        Assert.Throws<IOException>(Run);
        Assert.False(File.Exists(path));
        Directory.CreateDirectory(_bundle);
    }

    [Fact]
    public void It_leaves_a_server_alone_whose_process_lives()
    {
        var path = $"{_bundle}/s";
        BundleFiles.WriteAddress(_bundle, $"unix://{path}");
        BundleFiles.WriteShimPid(_bundle, Environment.ProcessId);
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        Run();
        Assert.True(File.Exists(path));

        // Nobody has connected.
        Assert.False(listener.Poll(0, SelectMode.SelectRead));
    }

    [Fact]
    public void It_answers_in_time_when_the_node_is_too_busy()
    {
        _sandbox.OnRemove = () => Task.Delay(Timeout.Infinite);
        var start = TimeProvider.System.GetTimestamp();

        Assert.Equal(137u, DeleteResponse.Parser.ParseFrom(Run()).ExitStatus);
        Assert.True(TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromSeconds(5));
        Assert.Single(_warnings);
    }

    [Fact]
    public void It_needs_an_id() => Assert.Contains(
        "-id",
        Assert.Throws<ShimException>(() => DeleteCommand.Run(new ShimArguments { ProgramName = "shim" }, "/", _ => _sandbox, TimeProvider.System, _warnings.Add)).Message,
        StringComparison.Ordinal);

    public void Dispose() => Directory.Delete(_bundle, recursive: true);

    private byte[] Run() => DeleteCommand.Run(
        new ShimArguments { ProgramName = "shim", Id = "c", Bundle = _bundle }, "/", _ => _sandbox, TimeProvider.System, _warnings.Add);
}
