using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Skiff.Guest;
using Skiff.Linux;
using Skiff.Oci;
using Skiff.Oci.Runtime;

namespace Skiff.Sandbox;

/// <summary>All that is kept of a guest in a guest host.</summary>
internal sealed record HostedMaking(GuestRequest Request, Bundle Bundle, GuestFolder Folder, HostedPlace Place, Entry.Wasm Entry, string Domain);

/// <summary>A guest that runs in a process with others.</summary>
internal sealed class HostedGuest : IGuest
{
    private static readonly TimeSpan KillTime = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan RemoveTime = TimeSpan.FromSeconds(1);

    private readonly HostedMaking _making;
    private readonly HostedTools _tools;
    private readonly GuestHost _host;
    private readonly HostedProcess _process;
    private readonly ConcurrentDictionary<HostedProcess, bool> _execs = [];
    private GuestResources _limits;
    private bool _released;

    /// <param name="stdio">The guest's ends; they stay the caller's.</param>
    public HostedGuest(HostedMaking making, HostedTools tools, GuestHost host, GuestStdio stdio, Terminal? terminal)
    {
        (_making, _tools, _host, Terminal) = (making, tools, host, terminal);
        _limits = LimitsOf(making.Bundle.Spec.Resources);
        if (making.Place.GroupPath is not null)
        {
            HostedLimits.Show(making.Place.Group, _limits);
        }

        _process = Begin(making.Entry, making.Bundle.Spec.Process!, stdio);

        // The holder has the container's number: who ends it means the container, and it is gone when the container has ended.
        _ = EndWithHolderAsync();
        _ = EndHolderAsync();
    }

    public string Pod => TrustDomain.PodOf(_making.Request, _making.Bundle);

    public int Pid => _making.Place.Holder!.Pid;

    public Task<ProcessExit> Exit => _process.Exit;

    public Terminal? Terminal { get; }

    public ControlGroup ControlGroup => _making.Place.Group;

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellation) => _process.StartAsync(cancellation);

    /// <inheritdoc/>
    public bool Signal(int signal) => _process.Signal(signal);

    /// <inheritdoc/>
    public void SignalAll(int signal)
    {
        _process.Signal(signal);
        foreach (var exec in _execs.Keys)
        {
            exec.Signal(signal);
        }
    }

    /// <inheritdoc/>
    public IGuestProcess Exec(string execId, ReadOnlyMemory<byte> processJson, GuestStdio stdio) => new HostedExec(this, processJson, stdio, _tools);

    /// <inheritdoc/>
    public Task PauseAsync(CancellationToken cancellation) => _process.PauseAsync(cancellation);

    /// <inheritdoc/>
    public Task ResumeAsync(CancellationToken cancellation) => _process.ResumeAsync(cancellation);

    /// <inheritdoc/>
    public async Task UpdateAsync(ReadOnlyMemory<byte> resourcesJson, CancellationToken cancellation)
    {
        try
        {
            // What an update does not name stays as it is.
            var change = LimitsOf(ResourcesSpec.Parse(resourcesJson.Span));
            var limits = new GuestResources
            {
                MemoryBytes = change.MemoryBytes ?? _limits.MemoryBytes,
                Cpu = change.Cpu ?? _limits.Cpu,
                Shares = change.Shares ?? _limits.Shares,
            };
            await _process.LimitAsync(limits);
            _limits = limits;
            if (_making.Place.GroupPath is not null)
            {
                HostedLimits.Show(ControlGroup, limits);
            }
        }
        catch (OciFormatException fault)
        {
            throw new SandboxException($"resources: {fault.Message}", SandboxFault.InvalidArgument, fault);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<int> Pids() => [Pid];

    /// <inheritdoc/>
    public async Task<GuestUsage?> UsageAsync(CancellationToken cancellation) =>
        await _process.UsageAsync(cancellation) with { MemoryLimitBytes = _limits.MemoryBytes };

    /// <inheritdoc/>
    public long OomKills() => _process.OomKills;

    /// <inheritdoc/>
    public Task<bool> WaitForOomAsync(CancellationToken cancellation) => _process.WaitForOomAsync(cancellation);

    /// <inheritdoc/>
    public async Task DeleteAsync(CancellationToken cancellation)
    {
        _process.Signal(Signals.SIGKILL);
        await _process.Exit.WaitAsync(KillTime, cancellation);
        var holder = _making.Place.Holder!;
        holder.Signal(Signals.SIGKILL);
        await holder.Exit.WaitAsync(KillTime, cancellation);
        if (_making.Place.GroupPath is { } path && !await ControlGroup.TryRemoveAsync(path, RemoveTime))
        {
            throw new SandboxException($"The control group {path} is still in use: {string.Join(", ", ControlGroup.Processes())}.");
        }

        _process.Dispose();
        _making.Place.Dispose();
        _making.Entry.Code.Dispose();
        Terminal?.Dispose();
        if (!_released)
        {
            _released = true;
            _tools.Hosts.Release(_making.Domain, _host);
        }

        _making.Folder.Remove();
    }

    /// <summary>What a further process with this <c>process</c> object runs.</summary>
    internal Task<Entry> ResolveAsync(ProcessSpec process, CancellationToken cancellation) => _tools.Entries.OfExecAsync(
        process, _making.Request, _making.Bundle, $"/proc/self/fd/{_making.Place.Root.DangerousGetHandle()}", _making.Entry, cancellation);

    /// <summary>Whether <paramref name="code"/> is the init's, to be kept open until the guest is deleted.</summary>
    internal bool Owns(GuestCode code) => ReferenceEquals(_making.Entry.Code, code);

    /// <summary>A further process of this guest, which ends with it.</summary>
    internal HostedProcess BeginExec(Entry.Wasm entry, ProcessSpec process, GuestStdio stdio)
    {
        var exec = Begin(entry, process, stdio);
        _execs[exec] = true;
        _ = ForgetAsync(exec);
        return exec;
    }

    /// <summary>Hands a process of this guest to the host, where it waits to be started.</summary>
    private HostedProcess Begin(Entry.Wasm entry, ProcessSpec process, GuestStdio stdio)
    {
        List<(string Name, SafeHandle Handle)> descriptors = [(HostProtocol.Descriptor.Root, _making.Place.Root)];
        Add(HostProtocol.Descriptor.Network, _making.Place.Network);
        Add(HostProtocol.Descriptor.Input, stdio.Input);
        Add(HostProtocol.Descriptor.Output, stdio.Output);
        Add(HostProtocol.Descriptor.ErrorOutput, stdio.Error);
        var code = entry.Code.Handles.ToList();
        descriptors.Add((HostProtocol.Descriptor.Code, code[0]));
        descriptors.AddRange(code.Skip(1).Select(module => (HostProtocol.Descriptor.Module, (SafeHandle)module)));
        return new HostedProcess(_host.Hand(descriptors), entry.Code, Order(entry, process), _tools.Time);

        void Add(string name, SafeHandle? handle)
        {
            if (handle is not null)
            {
                descriptors.Add((name, handle));
            }
        }
    }

    private static GuestResources LimitsOf(ResourcesSpec resources) => new()
    {
        MemoryBytes = resources.MemoryLimit is > 0 and var limit ? limit : null,
        Cpu = resources is { CpuQuota: > 0 and var quota, CpuPeriod: > 0 and var period } ? (double)quota / period : null,
        Shares = resources.CpuShares,
    };

    private GuestOrder Order(Entry.Wasm entry, ProcessSpec process) => new()
    {
        Name = $"{_making.Request.Namespace}/{_making.Request.Id}",
        Pod = Pod,
        Arguments = entry.Command.Arguments,
        Environment = SpecForGuest.Environment(process),
        Export = entry.Command.Export,
        Kind = entry.Command.Kind,
        Bounds = [.. entry.Command.Bounds.Select(bound => new[] { bound.Key, bound.Value })],
        Permissions = [.. entry.Command.Permissions.Select(permission => new[] { permission.Key, permission.Value })],
        UserId = process.UserId,
        GroupId = process.GroupId,
        Resources = _limits,
    };

    private async Task ForgetAsync(HostedProcess exec)
    {
        await exec.Exit;
        _execs.TryRemove(exec, out _);
    }

    // Its namespaces go with it, which takes the kernel some milliseconds that Delete need not wait for.
    private async Task EndHolderAsync()
    {
        await _process.Exit;
        _making.Place.Holder!.Signal(Signals.SIGKILL);
    }

    private async Task EndWithHolderAsync()
    {
        var end = await _making.Place.Holder!.Exit;
        _process.Signal(end.Signal == 0 ? Signals.SIGKILL : end.Signal);
    }
}
