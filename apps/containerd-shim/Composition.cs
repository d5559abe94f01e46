using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Skiff.Guest;
using Skiff.Linux;
using Skiff.Sandbox;
using Skiff.Shim;
using Skiff.Shim.Bootstrap;
using Skiff.Shim.Events;
using Skiff.Shim.Listing;
using Skiff.Shim.Pods;
using Skiff.Shim.Server;
using Skiff.Shim.Stdio;
using Skiff.Shim.Tasks;
using Skiff.Ttrpc;

namespace Skiff.ContainerdShim;

/// <summary>Who is made of what: the object graphs of the server and of <c>delete</c>.</summary>
internal static class Composition
{
    /// <summary>A node that starts a pod now and then is spared the start of a server and of guest hosts.</summary>
    private static readonly TimeSpan NodeIdleTime = TimeSpan.FromMinutes(5);

    public static byte[] Delete(ShimArguments arguments)
    {
        return DeleteCommand.Run(arguments, Directory.GetCurrentDirectory(), SandboxFor, TimeProvider.System, Warn);

        // Nearly every delete finds nothing to do, and is spared the building of what would do it.
        static ISandbox? SandboxFor(string bundle) => OciSandbox.IsClean(bundle)
            ? null
            : new OciSandbox(new ChildReaper(TimeProvider.System, subreaper: false), Places(ShimOptions.Default), TimeProvider.System);

        static void Warn(string warning) =>
            StreamIO.Write(new SafeFileHandle(2, ownsHandle: false), Encoding.UTF8.GetBytes(warning + "\n"));
    }

    /// <summary>Runs the server to its end. It was started in the bundle of its first container.</summary>
    public static async Task ServeAsync(ShimArguments arguments)
    {
        var time = TimeProvider.System;
        var listener = UnixListener.TakeInherited(ServerArguments.ListenerDescriptor);
        var options = RuntimeOptionsReader.Read(ServerArguments.TakeInput(arguments).Options);
        var isolation = options.Isolation ?? ShimName.IsolationOf(arguments.ProgramName);
        options = options with { Isolation = isolation };
        using var logFile = new LogFile();
        logFile.Add(Directory.GetCurrentDirectory());

        // Of the server of all pods no bundle's log tells the whole story, and it outlives each of them.
        var node = isolation == Isolation.Node;
        using var nodeLog = node ? new RotatedLog(Path.Combine(NodeStatus.RunFolder, NodeStatus.ServerLog(arguments.Namespace)), NodeStatus.LogBytesMax) : null;
        var log = new ShimLog(time, line =>
        {
            logFile.Write(line);
            nodeLog?.Write(Encoding.UTF8.GetBytes(line));
        })
        {
            Debugging = arguments.Debug,
        };
        using var reaper = new ChildReaper(time, subreaper: true);
        var containers = new OciSandbox(reaper, Places(options), time);
        using var hosted = isolation == Isolation.Container ? null : new HostedSandbox(reaper, Places(options), containers, time);
        ISandbox sandbox = hosted is null ? containers : hosted;
        await using var forwarder = new TtrpcEventForwarder(ServerArguments.EventsAddress(arguments), time);
        await using var events = new EventQueue(arguments.Namespace, forwarder, time, log);
        var tasks = new TaskService(
            arguments.Namespace, sandbox, new StdioOpener(reaper, time, log), new ServerEvents(events, logFile), time, log, arguments.Address);
        var pods = new PodService(arguments.Namespace, containers, options, ShimProgram(), time, many: node);
        var server = new ShimServer(arguments.Socket, tasks, pods, events, time, log, node ? options.IdleTime ?? Seconds("SKIFF_IDLE_SECONDS") ?? NodeIdleTime : null);
        var taskMethods = new TaskRpc(tasks, options, server).Methods();
        var services = new Dictionary<string, IReadOnlyDictionary<string, TtrpcHandler>>(StringComparer.Ordinal)
        {
            [TaskRpc.ServiceV2] = taskMethods,
            [TaskRpc.ServiceV3] = taskMethods,
            [NodeStatus.Service] = new StatusRpc(arguments.Namespace, isolation, tasks, server).Methods(),
            [PodRpc.Service] = new PodRpc(pods, time, server).Methods(),
        };

        using var signals = new ServerSignals(server, log);
        var serving = server.RunAsync(listener, services);
        ServerProcess.Settle(log, node);
        await serving;
    }

    private static SandboxPlaces Places(ShimOptions options) => new()
    {
        Home = options.Home ?? Variable("SKIFF_HOME") ?? Path.GetFullPath("../lib/skiff", Path.GetDirectoryName(ShimProgram())!),
        Cache = options.CacheDirectory ?? Variable("SKIFF_CACHE") ?? "/var/lib/skiff/cache",
        CacheBytesMax = options.CacheBytesMax,
        WaitsForOptimised = options.WaitsForOptimised ?? Variable("SKIFF_WAIT_FOR_OPTIMISED") is not null,
        SearchPath = Variable("PATH"),
    };

    /// <summary>The program's real file: the names of a node are links to it.</summary>
    private static string ShimProgram() => Environment.ProcessPath
        ?? throw new ShimException(ShimError.Internal, "this program's own file cannot be found: is /proc mounted?");

    private static TimeSpan? Seconds(string name) =>
        int.TryParse(Variable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds > 0 ? TimeSpan.FromSeconds(seconds) : null;

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
