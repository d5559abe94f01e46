using System.Runtime.InteropServices;
using Skiff.Guest;
using Skiff.Linux;

namespace Skiff.Sandbox;

/// <summary>Where a pod's guests live. The task service asks for guests here and never learns how they are kept.</summary>
public interface ISandbox
{
    /// <summary>
    /// Makes the place for a guest and a real, waiting init process in its own namespaces, so that Start only says go.
    /// On failure nothing is left behind: no process, no mount, no cgroup.
    /// </summary>
    /// <exception cref="SandboxException">It cannot be made; the message names the stage and what the user can change.</exception>
    Task<IGuest> CreateAsync(GuestRequest request, CancellationToken cancellation);

    /// <summary>
    /// Removes what a guest left behind when its server is gone (the shim's <c>delete</c>): processes, mounts, cgroup.
    /// Idempotent; a bundle without traces costs next to nothing.
    /// </summary>
    Task RemoveTracesAsync(string bundle, string id, CancellationToken cancellation);
}

/// <summary>What containerd asked for.</summary>
public sealed record GuestRequest
{
    public required string Namespace { get; init; }

    public required string Id { get; init; }

    /// <summary>Folder with <c>config.json</c>.</summary>
    public required string Bundle { get; init; }

    /// <summary>To be mounted on <c>BUNDLE/rootfs</c> in this order; empty: <c>root.path</c> of the spec is used as it is.</summary>
    public required IReadOnlyList<MountPoint> Rootfs { get; init; }

    public required GuestStdio Stdio { get; init; }

    /// <summary>How containerd can be asked for the image of this container, when the module is not in the rootfs. Null: it cannot.</summary>
    public string? ContainerdAddress { get; init; }

    public required SandboxOptions Options { get; init; }
}

/// <summary>Descriptors that become a guest's stdio; null: /dev/null. With a terminal all three are null. The sandbox disposes them once the guest holds its own.</summary>
public sealed record GuestStdio(SafeHandle? Input, SafeHandle? Output, SafeHandle? Error, bool Terminal) : IDisposable
{
    public void Dispose()
    {
        Input?.Dispose();
        Output?.Dispose();
        Error?.Dispose();
    }
}

/// <summary>The operator's choices that concern the place (from runtime options and annotations).</summary>
public sealed record SandboxOptions
{
    /// <summary><c>crun</c>, <c>runc</c> or an absolute path; null: crun if it works on this node, else runc.</summary>
    public string? Runtime { get; init; }

    /// <summary>Who may share a process with whom, where guests run in shared processes.</summary>
    public Sharing Sharing { get; init; } = Sharing.Namespace;

    /// <summary>Use the systemd cgroup driver. Null: inferred from the form of <c>linux.cgroupsPath</c>.</summary>
    public bool? SystemdCgroup { get; init; }

    /// <summary>Words and values of <see cref="Guest.GuestBounds"/>, known to be right: what guests may have at most.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Bounds { get; init; } = [];
}

/// <summary>Which guests one process may run: those that trust each other. A later value is stricter.</summary>
public enum Sharing
{
    /// <summary>All of the node.</summary>
    Node,

    /// <summary>Those of a Kubernetes namespace; without Kubernetes, of a containerd namespace.</summary>
    Namespace,

    /// <summary>Those of a pod.</summary>
    Pod,
}

/// <summary>A process of a guest: its init or an exec.</summary>
public interface IGuestProcess
{
    /// <summary>Host pid. Of an exec: 0 until started.</summary>
    int Pid { get; }

    /// <summary>Completes once, when the process has ended, started or not.</summary>
    Task<ProcessExit> Exit { get; }

    /// <summary>The pseudo terminal, once there is one (init: after create; exec: after start).</summary>
    Terminal? Terminal { get; }

    /// <summary>Says go. A process that dies at once is no failure: <see cref="Exit"/> tells.</summary>
    Task StartAsync(CancellationToken cancellation);

    /// <summary>False when it has already ended.</summary>
    bool Signal(int signal);
}

/// <summary>Exit code (128 + signal for an end by signal) and time.</summary>
public readonly record struct ProcessExit(int Code, DateTimeOffset At);

/// <summary>A guest in its place. Create, start, signal, wait, delete: nothing else crosses this seam but what Task RPCs of the same name ask.</summary>
public interface IGuest : IGuestProcess
{
    /// <summary>The pod's id; of a container without a pod, its own.</summary>
    string Pod { get; }

    /// <summary>Prepares a further process. Nothing runs until its <see cref="IGuestProcess.StartAsync"/>.</summary>
    /// <param name="processJson">The OCI <c>process</c> object, JSON.</param>
    IGuestProcess Exec(string execId, ReadOnlyMemory<byte> processJson, GuestStdio stdio);

    /// <summary>Signals every process of the guest.</summary>
    void SignalAll(int signal);

    Task PauseAsync(CancellationToken cancellation);

    Task ResumeAsync(CancellationToken cancellation);

    /// <param name="resourcesJson">The OCI <c>linux.resources</c> object, JSON.</param>
    Task UpdateAsync(ReadOnlyMemory<byte> resourcesJson, CancellationToken cancellation);

    /// <summary>Host pids of all its processes, the init at least while it lives.</summary>
    IReadOnlyList<int> Pids();

    /// <summary>Its control group: stats are read there, as far as <see cref="UsageAsync"/> does not say otherwise.</summary>
    ControlGroup ControlGroup { get; }

    /// <summary>What the guest has used, where it runs in a process that others share; null: its control group says all.</summary>
    Task<GuestUsage?> UsageAsync(CancellationToken cancellation);

    /// <summary>How often it was killed for want of memory.</summary>
    long OomKills();

    /// <summary>Waits until <see cref="OomKills"/> has grown (true), or it cannot grow any more (false). One wait at a time.</summary>
    Task<bool> WaitForOomAsync(CancellationToken cancellation);

    /// <summary>Removes the place after the end of the guest: container, cgroup, rootfs mounts. Idempotent. A living init is killed first.</summary>
    Task DeleteAsync(CancellationToken cancellation);
}

/// <summary>A guest's place cannot be made or changed. The message is for the user of containerd.</summary>
public sealed class SandboxException(string message, SandboxFault fault = SandboxFault.Internal, Exception? inner = null)
    : Exception(message, inner)
{
    public SandboxFault Fault { get; } = fault;
}

/// <summary>Who can mend it, in the words of gRPC's status codes.</summary>
public enum SandboxFault
{
    Internal,
    InvalidArgument,
    NotFound,
    FailedPrecondition,
    Unimplemented,
    ResourceExhausted,
}
