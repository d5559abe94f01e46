using Skiff.Sandbox;

namespace Skiff.Shim.Bootstrap;

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

    /// <summary><c>home</c>: folder of the run program and its libraries.</summary>
    public string? Home { get; init; }

    /// <summary><c>task_api</c>: 2 or 3, the version that <c>start</c> answers.</summary>
    public int? TaskApi { get; init; }

    /// <summary>What of it concerns the place where guests live.</summary>
    public SandboxOptions ForSandbox() => new() { Runtime = Runtime, SystemdCgroup = SystemdCgroup };

    /// <summary>
    /// Home and cache are the server's, chosen when it starts: a container of its pod cannot have others.
    /// </summary>
    public void RequireSamePlaces(ShimOptions server)
    {
        Require("home", Home, server.Home);
        Require("cache_dir", CacheDirectory, server.CacheDirectory);
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
