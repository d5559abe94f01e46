using Skiff.Linux;

namespace Skiff.Shim.Bootstrap;

/// <summary>
/// <c>start</c>: finds or starts the server of the container's group and answers its address. The socket listens before the
/// server exists, so that the answer need not wait for it: the server's start runs beside containerd's next steps.
/// </summary>
internal static class StartCommand
{
    /// <summary>Where a bundle lies when containerd makes a sandbox of this shim (2.x, <c>sandboxer = "shim"</c>).</summary>
    private const string SandboxBundles = "io.containerd.sandbox.controller.v1.shim";

    /// <param name="input">All that came on stdin.</param>
    /// <param name="bundle">The current directory.</param>
    /// <returns>What stdout must say, and nothing else.</returns>
    /// <exception cref="ShimException">It cannot be started; the message is for the user of containerd.</exception>
    public static string Run(ShimArguments arguments, ReadOnlyMemory<byte> input, string bundle)
    {
        ShimName.RequireServed(arguments.ProgramName);
        Require(arguments.Id, "id");
        Require(arguments.Namespace, "namespace");
        var start = StartInput.Parse(input.Span, arguments.Id, arguments.Namespace);
        var options = RuntimeOptionsReader.ReadForStart(start.Options);

        var address = AddressOfServer(arguments, input, start, options.Isolation ?? ShimName.IsolationOf(arguments.ProgramName), bundle);
        BundleFiles.WriteAddress(bundle, address);
        return Version(start, options, bundle) == 3
            ? $$"""{"version":3,"address":"{{address}}","protocol":"ttrpc"}"""
            : address;
    }

    private static string AddressOfServer(ShimArguments arguments, ReadOnlyMemory<byte> input, StartInput start, Isolation isolation, string bundle)
    {
        // A member of a pod goes where its pod is, which after an upgrade may be a server of the old version.
        var group = PodGroup.Of($"{bundle}/{BundleFiles.Config}", arguments.Id);
        if (group != arguments.Id && RunningServerOf(group, bundle) is { } running)
        {
            return running;
        }

        group = isolation == Isolation.Node ? PodGroup.Node : group;

        var folder = start.Parameters is { HasSocketDir: true, SocketDir.Length: > 0 } parameters ? parameters.SocketDir : ShimSocket.DefaultFolder;
        var path = ShimSocket.PathFor(folder, arguments.Address, arguments.Namespace, group, arguments.ProgramName);
        using (ShimSocket.Lock(folder))
        {
            using var listener = ShimSocket.TryListen(path, out var server);
            if (listener is not null)
            {
                StartServer(arguments, input, start, group, path, listener, bundle);
            }
            else
            {
                BundleFiles.WriteShimPid(bundle, server);
            }
        }

        return ShimSocket.Scheme + path;
    }

    /// <summary>The server of the pod that a member joins, by the address in the sandbox's bundle beside ours.</summary>
    private static string? RunningServerOf(string group, string bundle)
    {
        // The group is an annotation's text: it may be anything, and only a plain name is looked for.
        if (group is "." or ".." || group.Contains('/', StringComparison.Ordinal) || group.Contains('\0', StringComparison.Ordinal))
        {
            return null;
        }

        var address = BundleFiles.TryReadAddress($"{bundle}/../{group}");
        if (address is null || ShimSocket.PathOf(address) is not { } path || !UnixPeer.IsListening(path, out var server))
        {
            return null;
        }

        BundleFiles.WriteShimPid(bundle, server);
        return address;
    }

    private static void StartServer(
        ShimArguments arguments, ReadOnlyMemory<byte> input, StartInput start, string group, string path,
        Microsoft.Win32.SafeHandles.SafeFileHandle listener, string bundle)
    {
        // Containerd's input travels on, because the Sandbox service gets the runtime options from nowhere else.
        using var options = input.IsEmpty ? null : Descriptors.Memory("start-input", input.Span);
        try
        {
            var pid = DetachedProgram.Start(new SpawnRequest
            {
                Program = "/proc/self/exe",
                Arguments = ServerArguments.Of(arguments, group, path, hasInput: options is not null),
                Environment = ServerArguments.Environment(start),
                WorkingDirectory = bundle,
                Inherited = options is null ? [listener] : [listener, options],
                NewSession = true,
            });
            BundleFiles.WriteShimPid(bundle, pid);
        }
        catch
        {
            // Under the lock still: nobody has been told of it.
            File.Delete(path);
            throw;
        }
    }

    /// <summary>Only where version 3 is known to be understood: 1.7 refuses it, and nothing before 2.3 tells which containerd asks.</summary>
    private static int Version(StartInput start, ShimOptions options, string bundle) =>
        options.TaskApi
        ?? (start.KnowsTaskVersion3 || bundle.Contains($"/{SandboxBundles}/", StringComparison.Ordinal) ? 3 : 2);

    private static void Require(string value, string flag)
    {
        if (value.Length == 0)
        {
            throw new ShimException(ShimError.InvalidArgument, $"start needs the flag -{flag}");
        }
    }
}
