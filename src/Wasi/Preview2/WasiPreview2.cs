using Skiff.Components.Host;
using Skiff.Wasi.Bindings.Cli;
using Skiff.Wasi.Bindings.Clocks;
using Skiff.Wasi.Bindings.Filesystem;
using Skiff.Wasi.Bindings.Io;
using Skiff.Wasi.Bindings.Random;
using Skiff.Wasi.Bindings.Sockets;
using TcpInterface = Skiff.Wasi.Bindings.Sockets.TcpInterface;

namespace Skiff.Wasi.Preview2;

/// <summary>WASI 0.2 for components: all interfaces of wasi:cli, clocks, filesystem, io, random and sockets.</summary>
public static class WasiPreview2
{
    /// <summary>Offers them. Nothing is kept here, so one set of interfaces serves any number of guests.</summary>
    /// <param name="of">Finds the guest's state in the state object of its instance.</param>
    public static void Define(HostInterfaces host, Func<object, WasiState> of)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(of);
        host.Add(ErrorInterface.Definition)
            .Add(PollInterface.Definition, state => new IoPoll(of(state)))
            .Add(StreamsInterface.Definition)
            .Add(MonotonicClockInterface.Definition, state => new MonotonicClock(of(state).Clocks))
            .Add(WallClockInterface.Definition, state => new WallClock(of(state).Clocks))
            .Add(RandomInterface.Definition, state => new RandomNumbers(of(state).Random))
            .Add(InsecureInterface.Definition, state => new RandomNumbers(of(state).Random))
            .Add(InsecureSeedInterface.Definition, state => new RandomNumbers(of(state).Random));
        DefineCli(host, of);
        host.Add(TypesInterface.Definition, static _ => new FilesystemErrors())
            .Add(PreopensInterface.Definition, state => new Preopens(of(state).Files));
        DefineSockets(host, of);
    }

    private static void DefineCli(HostInterfaces host, Func<object, WasiState> of) =>
        host.Add(EnvironmentInterface.Definition, state => new CliEnvironment(of(state).Environment))
            .Add(ExitInterface.Definition, static _ => new CliExit())
            .Add(StdinInterface.Definition, state => new CliStreams(of(state).Stdio))
            .Add(StdoutInterface.Definition, state => new CliStreams(of(state).Stdio))
            .Add(StderrInterface.Definition, state => new CliStreams(of(state).Stdio))
            .Add(TerminalInputInterface.Definition)
            .Add(TerminalOutputInterface.Definition)
            .Add(TerminalStdinInterface.Definition, state => new CliStreams(of(state).Stdio))
            .Add(TerminalStdoutInterface.Definition, state => new CliStreams(of(state).Stdio))
            .Add(TerminalStderrInterface.Definition, state => new CliStreams(of(state).Stdio));

    private static void DefineSockets(HostInterfaces host, Func<object, WasiState> of) =>
        host.Add(NetworkInterface.Definition)
            .Add(InstanceNetworkInterface.Definition, state => new SocketFactory(of(state).Sockets))
            .Add(TcpInterface.Definition)
            .Add(TcpCreateSocketInterface.Definition, state => new SocketFactory(of(state).Sockets))
            .Add(UdpInterface.Definition)
            .Add(UdpCreateSocketInterface.Definition, state => new SocketFactory(of(state).Sockets))
            .Add(IpNameLookupInterface.Definition, state => new SocketFactory(of(state).Sockets));
}
