using Skiff.Sandbox;

namespace Skiff.Shim.Bootstrap;

/// <summary>Where Wasm guests run (docs/architecture.md).</summary>
internal enum Isolation
{
    /// <summary>Each in an OCI container of its own.</summary>
    Container,

    /// <summary>Those of a pod in one process.</summary>
    Pod,

    /// <summary>Those of the node that trust each other in one process, and one server for all pods.</summary>
    Node,
}

/// <summary>The operator's choices: containerd's runtime options table and the environment. Null: not chosen.</summary>
internal sealed record ShimOptions
{
    public static ShimOptions Default { get; } = new();

    /// <summary><c>runtime</c> (or BinaryName of runc's options): <c>crun</c>, <c>runc</c> or an absolute path.</summary>
    public string? Runtime { get; init; }

    public bool? SystemdCgroup { get; init; }

    /// <summary><c>cache_dir</c>: folder of compiled code.</summary>
    public string? CacheDirectory { get; init; }

    /// <summary><c>cache_max_bytes</c>: above it the entries least recently used go.</summary>
    public long? CacheBytesMax { get; init; }

    /// <summary><c>wait_for_optimised</c>: start no guest from the baseline compiler's code.</summary>
    public bool? WaitsForOptimised { get; init; }

    /// <summary><c>home</c>: folder of the run program and its libraries.</summary>
    public string? Home { get; init; }

    /// <summary><c>task_api</c>: 2 or 3, the version that <c>start</c> answers.</summary>
    public int? TaskApi { get; init; }

    /// <summary><c>isolation</c>: where Wasm guests run. Null: what the shim's name says (<see cref="ShimName"/>).</summary>
    public Isolation? Isolation { get; init; }

    /// <summary><c>sharing</c>: which guests one process may run, where guests share processes.</summary>
    public Sharing? Sharing { get; init; }

    /// <summary><c>idle_seconds</c>: how long the node's server stays without a task.</summary>
    public TimeSpan? IdleTime { get; init; }

    /// <summary><c>max_sockets</c>, …: words and values of <see cref="Guest.GuestBounds"/>.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Bounds { get; init; } = [];

    /// <summary>What of it concerns the place where guests live.</summary>
    public SandboxOptions ForSandbox() => new()
    {
        Runtime = Runtime,
        SystemdCgroup = SystemdCgroup,
        Bounds = Bounds,
        Sharing = Sharing ?? Skiff.Sandbox.Sharing.Namespace,
    };

    /// <summary>
    /// Home, cache and isolation are the server's, chosen when it starts: a container that it serves cannot have others.
    /// </summary>
    public void RequireSamePlaces(ShimOptions server)
    {
        Require("home", Home, server.Home);
        Require("cache_dir", CacheDirectory, server.CacheDirectory);
        Require("isolation", Isolation?.ToString().ToLowerInvariant(), server.Isolation?.ToString().ToLowerInvariant());
    }

    private static void Require(string name, string? wanted, string? given)
    {
        if (wanted is not null && wanted != given)
        {
            throw new ShimException(
                ShimError.FailedPrecondition,
                $"runtime option {name} = \"{wanted}\" differs from what this pod's shim was started with ({given ?? "its default"}): use one runtime for all containers of a pod");
        }
    }
}
