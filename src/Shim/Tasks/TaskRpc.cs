using Google.Protobuf;
using Skiff.Linux;
using Skiff.Shim.Bootstrap;
using Skiff.Shim.Protos;
using Skiff.Shim.Server;
using Skiff.Shim.Stats;
using Skiff.Shim.Stdio;
using Skiff.Ttrpc;

namespace Skiff.Shim.Tasks;

/// <summary>
/// The Task service on the wire: containerd.task.v2.Task and containerd.task.v3.Task, whose messages are the same. Protobuf
/// goes no further than this class.
/// </summary>
/// <param name="startOptions">What <c>start</c> was told, for a Create that says nothing.</param>
internal sealed class TaskRpc(TaskService tasks, ShimOptions startOptions, IServerUse use)
{
    public const string ServiceV2 = "containerd.task.v2.Task";
    public const string ServiceV3 = "containerd.task.v3.Task";

    /// <summary>The only kind of process info containerd knows is Windows'; so ids only.</summary>
    public IReadOnlyDictionary<string, TtrpcHandler> Methods() => new Dictionary<string, TtrpcHandler>(StringComparer.Ordinal)
    {
        ["State"] = RpcMethod.Of(ProcessRequest.Parser, State),
        ["Create"] = RpcMethod.Of(CreateTaskRequest.Parser, CreateAsync),
        ["Start"] = RpcMethod.Of(ProcessRequest.Parser, StartAsync),
        ["Delete"] = RpcMethod.Of(ProcessRequest.Parser, DeleteAsync),
        ["Pids"] = RpcMethod.Of(ContainerRequest.Parser, Pids),
        ["Pause"] = RpcMethod.Of(ContainerRequest.Parser, request => tasks.PauseAsync(request.Id)),
        ["Resume"] = RpcMethod.Of(ContainerRequest.Parser, request => tasks.ResumeAsync(request.Id)),
        ["Checkpoint"] = RpcMethod.Of(CheckpointTaskRequest.Parser, request => TaskService.Checkpoint(request.Id)),
        ["Kill"] = RpcMethod.Of(KillRequest.Parser, request => tasks.KillAsync(request.Id, request.ExecId, Signal(request), request.All)),
        ["Exec"] = RpcMethod.Of(ExecProcessRequest.Parser, Exec),
        ["ResizePty"] = RpcMethod.Of(ResizePtyRequest.Parser, ResizePty),
        ["CloseIO"] = RpcMethod.Of(CloseIORequest.Parser, CloseIO),
        ["Update"] = RpcMethod.Of(UpdateTaskRequest.Parser, UpdateAsync),
        ["Wait"] = RpcMethod.Of(ProcessRequest.Parser, WaitAsync),
        ["Stats"] = RpcMethod.Of(ContainerRequest.Parser, StatsAsync),
        ["Connect"] = RpcMethod.Of(ContainerRequest.Parser, Connect),
        ["Shutdown"] = RpcMethod.Of(ShutdownRequest.Parser, _ => use.AskToLeave()),
    };

    private async Task<IMessage> CreateAsync(CreateTaskRequest request, TtrpcCall call)
    {
        use.Used();
        var options = request.Options is null ? startOptions : RuntimeOptionsReader.Read(Wire.Typed(request.Options));
        options.RequireSamePlaces(startOptions);
        var creation = new TaskCreation(
            request.Id,
            request.Bundle,
            [.. request.Rootfs.Select(mount => new MountPoint(mount.Type, mount.Source, mount.Target, [.. mount.Options]))],
            new StdioAddresses(request.Stdin, request.Stdout, request.Stderr, request.Terminal),
            options,
            request.Checkpoint);
        return new PidResponse { Pid = (uint)await tasks.CreateAsync(creation, call.CancellationToken) };
    }

    private async Task<IMessage> StartAsync(ProcessRequest request, TtrpcCall call) =>
        new PidResponse { Pid = (uint)await tasks.StartAsync(request.Id, request.ExecId) };

    private async Task<IMessage> DeleteAsync(ProcessRequest request, TtrpcCall call)
    {
        var exit = await tasks.DeleteAsync(request.Id, request.ExecId);
        use.Used();
        return new DeleteResponse { Pid = (uint)exit.Pid, ExitStatus = (uint)exit.Status, ExitedAt = WireTime.Of(exit.At) };
    }

    private async Task<IMessage> WaitAsync(ProcessRequest request, TtrpcCall call)
    {
        var exit = await tasks.WaitAsync(request.Id, request.ExecId, call.CancellationToken);
        return new WaitResponse { ExitStatus = (uint)exit.Status, ExitedAt = WireTime.Of(exit.At) };
    }

    private StateResponse State(ProcessRequest request)
    {
        var status = tasks.State(request.Id, request.ExecId);
        var answer = new StateResponse
        {
            Id = status.Id,
            Bundle = status.Bundle,
            Pid = (uint)status.Pid,
            Status = StatusOf(status.State),
            Stdin = status.Stdio.Input,
            Stdout = status.Stdio.Output,
            Stderr = status.Stdio.Error,
            Terminal = status.Stdio.Terminal,
            ExecId = status.ExecId,
        };
        if (status.Exit is { } exit)
        {
            answer.ExitStatus = (uint)exit.Status;
            answer.ExitedAt = WireTime.Of(exit.At);
        }

        return answer;
    }

    private PidsResponse Pids(ContainerRequest request)
    {
        var answer = new PidsResponse();
        answer.Processes.AddRange(tasks.Pids(request.Id).Select(pid => new ProcessInfo { Pid = (uint)pid }));
        return answer;
    }

    private void Exec(ExecProcessRequest request) => tasks.Exec(new ExecCreation(
        request.Id,
        request.ExecId,
        new StdioAddresses(request.Stdin, request.Stdout, request.Stderr, request.Terminal),
        Json(request.Spec, "Process", "exec")));

    private void ResizePty(ResizePtyRequest request) =>
        tasks.ResizePty(request.Id, request.ExecId, Clamped(request.Width), Clamped(request.Height));

    private void CloseIO(CloseIORequest request)
    {
        if (request.Stdin)
        {
            tasks.CloseInput(request.Id, request.ExecId);
        }
    }

    private async Task<IMessage> UpdateAsync(UpdateTaskRequest request, TtrpcCall call)
    {
        await tasks.UpdateAsync(request.Id, Json(request.Resources, "LinuxResources", "update"), call.CancellationToken);
        return new Google.Protobuf.WellKnownTypes.Empty();
    }

    private async Task<IMessage> StatsAsync(ContainerRequest request, TtrpcCall call)
    {
        var (group, usage) = await tasks.UsageOfAsync(request.Id, call.CancellationToken);
        return new StatsResponse { Stats = Wire.Any(usage is null ? CgroupMetrics.Of(group) : CgroupMetrics.Of(group, usage)) };
    }

    /// <summary>An id that is not known here is no error: containerd 2.x probes a shared shim with the id of each container.</summary>
    private ConnectResponse Connect(ContainerRequest request) => new()
    {
        ShimPid = (uint)Environment.ProcessId,
        TaskPid = (uint)tasks.PidOf(request.Id),
        Version = ShimVersion.Version,
    };

    private static Status StatusOf(ProcessState state) => state switch
    {
        ProcessState.Creating or ProcessState.Created or ProcessState.Starting => Status.Created,
        ProcessState.Running or ProcessState.Exiting => Status.Running,
        ProcessState.Pausing => Status.Pausing,
        ProcessState.Paused or ProcessState.Resuming => Status.Paused,
        _ => Status.Stopped,
    };

    private static int Signal(KillRequest request) => request.Signal <= int.MaxValue ? (int)request.Signal : int.MaxValue;

    private static int Clamped(uint size) => (int)Math.Min(size, ushort.MaxValue);

    /// <summary>The OCI object that containerd packs as JSON: types.containerd.io/opencontainers/runtime-spec/1/NAME.</summary>
    private static ReadOnlyMemory<byte> Json(Google.Protobuf.WellKnownTypes.Any? any, string type, string call) =>
        Wire.Typed(any) is { } typed && typed.TypeName == type
            ? typed.Value
            : throw new ShimException(ShimError.InvalidArgument, $"{call}: an OCI {type} object (JSON) was expected, not '{any?.TypeUrl}'");
}
