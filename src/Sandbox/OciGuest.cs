using Skiff.Guest;
using Skiff.Linux;
using Skiff.Oci.Runtime;

namespace Skiff.Sandbox;

/// <summary>A guest in an OCI container: a Wasm guest behind its gate, or a native program.</summary>
internal sealed class OciGuest(GuestMaking making, OciRuntime runtime, SandboxTools tools, ChildProcess child) : IGuest
{
    /// <summary>Then the runtime has to find out what keeps the group.</summary>
    private static readonly TimeSpan RemoveTime = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan KillTime = TimeSpan.FromSeconds(10);

    /// <summary>For the few instructions between a run program's refusal and its end.</summary>
    private static readonly TimeSpan RefusalGrace = TimeSpan.FromSeconds(2);

    private readonly GuestProcess _init = new(child);
    private ControlGroup? _group;

    /// <summary>Null for a native program.</summary>
    public required GuestGate? Gate { get; init; }

    /// <summary>Whether the runtime's start operation is still to come.</summary>
    public required bool StartsByRuntime { get; init; }

    /// <summary>Read while the init lived; looking the groups up among the mounts of a full node takes longer and can wait.</summary>
    public required string ControlGroupMembership { private get; init; }

    public ControlGroup ControlGroup =>
        LazyInitializer.EnsureInitialized(ref _group, () => ControlGroup.FromMembership(ControlGroupMembership));

    public required Terminal? Terminal { get; init; }

    public string Pod => TrustDomain.PodOf(making.Request, making.Bundle);

    public int Pid => _init.Pid;

    public Task<ProcessExit> Exit => _init.Exit;

    internal OciRuntime Runtime => runtime;

    internal SandboxTools Tools => tools;

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellation)
    {
        // Killed while it waited: its exit tells, and the runtime would only complain.
        if (StartsByRuntime && !Exit.IsCompleted)
        {
            await runtime.StartAsync(cancellation);
        }

        if (Gate is not null)
        {
            // Also after its end: a run program that refuses the guest says why and ends.
            using (Gate)
            {
                try
                {
                    await Gate.PassAsync(cancellation);
                }
                catch (SandboxException)
                {
                    // A run program that refuses its guest ends when nobody is at its gate any more.
                    Gate.Dispose();
                    await EndOfRefusalAsync();
                    throw;
                }
            }
        }
    }

    /// <inheritdoc/>
    public bool Signal(int signal) => _init.Signal(signal);

    /// <summary>A run program that refuses its guest ends by itself. One that does not is left to Delete, which kills it.</summary>
    private async Task EndOfRefusalAsync()
    {
        try
        {
            await Exit.WaitAsync(RefusalGrace, tools.Time);
        }
        catch (TimeoutException)
        {
            // The refusal itself is what the caller is told.
        }
    }

    /// <inheritdoc/>
    public IGuestProcess Exec(string execId, ReadOnlyMemory<byte> processJson, GuestStdio stdio) =>
        new OciExec(this, processJson, stdio);

    /// <inheritdoc/>
    public void SignalAll(int signal)
    {
        try
        {
            if (ControlGroup.SignalAll(signal) == 0)
            {
                _init.Signal(signal);
            }
        }
        catch (LinuxException fault)
        {
            throw new SandboxException($"Not all of the container can be signalled: {fault.Message}", SandboxFault.FailedPrecondition, fault);
        }
    }

    /// <inheritdoc/>
    public Task PauseAsync(CancellationToken cancellation) => runtime.PauseAsync(cancellation);

    /// <inheritdoc/>
    public Task ResumeAsync(CancellationToken cancellation) => runtime.ResumeAsync(cancellation);

    /// <inheritdoc/>
    public Task UpdateAsync(ReadOnlyMemory<byte> resourcesJson, CancellationToken cancellation) =>
        runtime.UpdateAsync(resourcesJson, cancellation);

    /// <inheritdoc/>
    public IReadOnlyList<int> Pids()
    {
        var pids = ControlGroup.Processes();
        return Exit.IsCompleted || pids.Contains(Pid) ? pids : [Pid, .. pids];
    }

    /// <inheritdoc/>
    public Task<GuestUsage?> UsageAsync(CancellationToken cancellation) => Task.FromResult<GuestUsage?>(null);

    /// <inheritdoc/>
    public long OomKills() => ControlGroup.OomKills();

    /// <inheritdoc/>
    public Task<bool> WaitForOomAsync(CancellationToken cancellation) => ControlGroup.WaitForOomAsync(cancellation);

    /// <inheritdoc/>
    public async Task DeleteAsync(CancellationToken cancellation)
    {
        Gate?.Dispose();
        if (!await TryDeleteWithoutRuntimeAsync())
        {
            await runtime.DeleteAsync(cancellation);
        }

        if (!await ControlGroup.KillAllAsync(KillTime))
        {
            throw new SandboxException(
                $"Processes {string.Join(", ", ControlGroup.Processes())} of the container survive SIGKILL: see what the kernel holds them in (/proc/PID/stack).");
        }

        await Exit.WaitAsync(KillTime, cancellation);
        Terminal?.Dispose();
        (making.Entry as Entry.Wasm)?.Code.Dispose();
        Mounts.UnmountAllSoon(making.Folder.Rootfs);
        making.Folder.Remove();
    }

    // All that a runtime's delete does for an ended container without poststop hooks is to remove its control groups and its
    // own records, which lie in our folder. Doing so here saves starting it: 6 ms of the 45 of a short container's life.
    private async Task<bool> TryDeleteWithoutRuntimeAsync()
    {
        var spec = making.Bundle.Spec;
        if (!Exit.IsCompleted || spec.Hooks.AtDelete > 0 || spec.HasIntelRdt || runtime.UsesSystemd || spec.CgroupsPath is not ['/', _, ..] path)
        {
            return false;
        }

        return await ControlGroup.KillAllAsync(KillTime) && await ControlGroup.TryRemoveAsync(path, RemoveTime);
    }

    /// <summary>What a further process with this <c>process</c> object runs.</summary>
    internal Task<Entry> ResolveAsync(ProcessSpec process, CancellationToken cancellation) => making.Entry is Entry.Wasm init
        ? tools.Entries.OfExecAsync(process, making.Request, making.Bundle, making.Root.Path, init, cancellation)
        : Task.FromResult<Entry>(new Entry.Native());

    /// <summary>Whether <paramref name="code"/> is the init's, to be kept open until the guest is deleted.</summary>
    internal bool Owns(GuestCode code) => making.Entry is Entry.Wasm init && ReferenceEquals(init.Code, code);
}
