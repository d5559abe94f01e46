using Skiff.Linux;
using Skiff.Sandbox;
using Skiff.Shim.Bootstrap;
using Skiff.Shim.Protos;
using Skiff.Shim.Tasks;

namespace Skiff.Shim.Pods;

/// <summary>
/// The pods of this shim where containerd asks for them directly (2.x, <c>sandboxer = "shim"</c>; docs/containerd.md 9): for each a
/// holder process in the pod's namespaces, without pause container and image. The shim of a pod has one, the node's all.
/// </summary>
/// <param name="many">False: there can be one at most.</param>
internal sealed class PodService(string @namespace, ISandbox sandbox, ShimOptions options, string program, TimeProvider time, bool many = false)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Pod> _pods = new(StringComparer.Ordinal);
    private bool _closed;

    private enum PodState
    {
        Creating,
        Created,
        Ready,
        Stopped,
    }

    public bool IsEmpty
    {
        get
        {
            lock (_gate)
            {
                return _pods.Count == 0;
            }
        }
    }

    /// <summary>Refuses new pods from now on, if there is none; false if there is one.</summary>
    public bool TryClose()
    {
        lock (_gate)
        {
            return _closed = _pods.Count == 0;
        }
    }

    public void Reopen()
    {
        lock (_gate)
        {
            _closed = false;
        }
    }

    public async Task CreateAsync(string id, string bundle, PodSandboxConfig config, string networkNamespace, CancellationToken cancellation)
    {
        var pod = new Pod(time.GetUtcNow());
        lock (_gate)
        {
            if (_closed)
            {
                throw new ShimException(ShimError.Unavailable, $"sandbox {id}: this shim is about to exit; create the sandbox again");
            }

            if (_pods.Count > 0 && !many)
            {
                throw new ShimException(ShimError.AlreadyExists, $"sandbox {id}: this shim has the sandbox {_pods.Keys.First()} already");
            }

            if (!_pods.TryAdd(id, pod))
            {
                throw new ShimException(ShimError.AlreadyExists, $"sandbox {id}: exists already");
            }
        }

        try
        {
            WriteBundle(id, bundle, config, networkNamespace);
            var guest = await sandbox.CreateAsync(RequestOf(id, bundle), cancellation);
            lock (_gate)
            {
                pod.Guest = guest;
                pod.State = PodState.Created;
            }

            _ = WatchAsync(pod, guest);
        }
        catch
        {
            lock (_gate)
            {
                _pods.Remove(id);
            }

            throw;
        }
    }

    /// <returns>The holder's pid, through which containerd names the pod's namespaces, and when the pod was made.</returns>
    public async Task<(int Pid, DateTimeOffset CreatedAt)> StartAsync(string id)
    {
        var pod = Find(id);
        if (pod.State != PodState.Created)
        {
            throw new ShimException(ShimError.FailedPrecondition, $"sandbox {id}: can be started once, after it is created");
        }

        await pod.Guest!.StartAsync(CancellationToken.None);
        lock (_gate)
        {
            if (pod.State == PodState.Created)
            {
                pod.State = PodState.Ready;
            }
        }

        return (pod.Guest.Pid, pod.CreatedAt);
    }

    /// <summary>Ends the holder; it has nothing to finish, so the grace is only an upper bound. Stopped already is no error.</summary>
    public async Task StopAsync(string id, TimeSpan grace)
    {
        var pod = Find(id);
        if (pod.Guest is not { } guest)
        {
            throw new ShimException(ShimError.FailedPrecondition, $"sandbox {id}: is being created");
        }

        if (!guest.Signal(Signals.SIGTERM))
        {
            return;
        }

        try
        {
            await pod.Exited.WaitAsync(grace, time);
        }
        catch (TimeoutException)
        {
            guest.Signal(Signals.SIGKILL);
            await pod.Exited.WaitAsync(TimeSpan.FromSeconds(10), time);
        }
    }

    /// <summary>Removes the pod's place. A pod that is not there is no error: containerd asks again after a lost answer.</summary>
    public async Task ShutdownAsync(string id)
    {
        Pod? pod;
        lock (_gate)
        {
            pod = _pods.GetValueOrDefault(id);
        }

        if (pod?.Guest is not { } guest)
        {
            return;
        }

        await guest.DeleteAsync(CancellationToken.None);
        lock (_gate)
        {
            _pods.Remove(id);
        }
    }

    public Task<ExitRecord> WaitAsync(string id, CancellationToken cancellation) => Find(id).Exited.WaitAsync(cancellation);

    /// <summary>Pid 0 and no exit while they are not there yet.</summary>
    public (int Pid, bool Ready, DateTimeOffset CreatedAt, ExitRecord? Exit) Status(string id)
    {
        var pod = Find(id);
        lock (_gate)
        {
            return (pod.Guest?.Pid ?? 0, pod.State == PodState.Ready, pod.CreatedAt, pod.Exited.IsCompleted ? pod.Exited.Result : null);
        }
    }

    public ControlGroup ControlGroupOf(string id) => Find(id).Guest?.ControlGroup
        ?? throw new ShimException(ShimError.FailedPrecondition, $"sandbox {id}: is being created");

    private async Task WatchAsync(Pod pod, IGuest guest)
    {
        ExitRecord exit;
        try
        {
            var end = await guest.Exit;
            exit = new ExitRecord(guest.Pid, end.Code, end.At);
        }
        catch (OperationCanceledException)
        {
            exit = new ExitRecord(guest.Pid, ExitRecord.UnknownStatus, time.GetUtcNow());
        }

        lock (_gate)
        {
            pod.State = PodState.Stopped;
        }

        pod.End(exit);
    }

    private Pod Find(string id)
    {
        lock (_gate)
        {
            return _pods.TryGetValue(id, out var pod)
                ? pod
                : throw new ShimException(ShimError.NotFound, $"sandbox {id}: not found in this shim");
        }
    }

    private void WriteBundle(string id, string bundle, PodSandboxConfig config, string networkNamespace)
    {
        Directory.CreateDirectory($"{bundle}/{PodSpec.Rootfs}");
        File.WriteAllBytes(
            $"{bundle}/{BundleFiles.Config}",
            PodSpec.Build(id, config, networkNamespace, program, OomScore.TryRead(Environment.ProcessId)));
    }

    private GuestRequest RequestOf(string id, string bundle) => new()
    {
        Namespace = @namespace,
        Id = id,
        Bundle = bundle,
        Rootfs = [],
        Stdio = new GuestStdio(null, null, null, Terminal: false),
        ContainerdAddress = null,
        Options = options.ForSandbox(),
    };

    private sealed class Pod(DateTimeOffset createdAt)
    {
        private readonly TaskCompletionSource<ExitRecord> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public DateTimeOffset CreatedAt { get; } = createdAt;

        public PodState State { get; set; }

        public IGuest? Guest { get; set; }

        public Task<ExitRecord> Exited => _exited.Task;

        public void End(ExitRecord exit) => _exited.TrySetResult(exit);
    }
}
