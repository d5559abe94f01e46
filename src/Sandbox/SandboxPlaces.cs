using Skiff.Guest;
using Skiff.Linux;

namespace Skiff.Sandbox;

/// <summary>Where things lie on the node, as the composing program found them.</summary>
public sealed record SandboxPlaces
{
    /// <summary>Folder with the run program, its loader and its libraries (<c>lib/skiff</c> of the installation, or <c>SKIFF_HOME</c>).</summary>
    public required string Home { get; init; }

    internal string RunProgram => Path.Combine(Home, "skiff");

    /// <summary>Folder of compiled code, shared by all containers of the node; survives a reboot.</summary>
    public required string Cache { get; init; }

    /// <summary>Bound of the cache in bytes; null: the run program's own.</summary>
    public long? CacheBytesMax { get; init; }

    /// <summary>The first start of a large module waits for optimised code, and is not made from the baseline compiler's meanwhile.</summary>
    public bool WaitsForOptimised { get; init; }

    /// <summary>Folder for what is true until the next boot only: which runtime does not work here, sockets with short paths.</summary>
    public string RunFolder { get; init; } = NodeStatus.RunFolder;

    /// <summary>Folders in which crun and runc are looked for, as <c>PATH</c> spells them, before the usual ones.</summary>
    public string? SearchPath { get; init; }

    /// <summary>Why the run program could not be started, for the one who installed it.</summary>
    /// <param name="role">What it was to be.</param>
    internal static SandboxException NotStarted(string role, LinuxException fault) => new(
        $"The {role} cannot be started: {fault.Message}. It belongs beside the shim in ../lib/skiff, or where SKIFF_HOME points to.",
        SandboxFault.FailedPrecondition,
        fault);
}
