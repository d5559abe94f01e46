using System.Text.Json.Nodes;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Skiff.Harness.Wire;

namespace Skiff.Harness;

/// <summary>A container made with ctr and driven over containerd's tasks API: every step of its life by itself.</summary>
internal sealed class TestTask : IAsyncDisposable
{
    private const string ProcessType = "types.containerd.io/opencontainers/runtime-spec/1/Process";
    private readonly bool _terminal;
    private bool _deleted;

    private TestTask(Containerd node, string id, Stdio stdio, bool terminal)
    {
        Node = node;
        Id = id;
        Stdio = stdio;
        _terminal = terminal;
    }

    public Containerd Node { get; }

    public string Id { get; }

    public Stdio Stdio { get; }

    public string Bundle => Path.Combine(Node.Folder, "state/io.containerd.runtime.v2.task", Node.Namespace, Id);

    private Tasks.TasksClient Tasks => Node.Client.Tasks;

    private Metadata Headers => Node.Client.Headers;

    /// <summary>Container and task; not started.</summary>
    /// <param name="arguments">The container's arguments; words before a lone <c>--</c> are options of <c>ctr container create</c>.</param>
    public static async Task<TestTask> CreateAsync(
        Containerd node,
        string[] arguments,
        string runtime = Ctr.Skiff,
        bool withInput = false,
        bool terminal = false)
    {
        var task = await PrepareAsync(node, arguments, runtime, withInput, terminal);
        try
        {
            await task.CreateTaskAsync();
            return task;
        }
        catch
        {
            await task.DisposeAsync();
            throw;
        }
    }

    /// <summary>Started and, unless <paramref name="says"/> is null, heard saying that.</summary>
    public static async Task<TestTask> StartAsync(Containerd node, string[] arguments, string? says = null, string runtime = Ctr.Skiff)
    {
        var task = await CreateAsync(node, arguments, runtime);
        try
        {
            await task.StartAsync();
            if (says is not null)
            {
                await task.Stdio.SaysAsync(says);
            }

            return task;
        }
        catch
        {
            await task.DisposeAsync();
            throw;
        }
    }

    /// <summary>The container without its task.</summary>
    public static async Task<TestTask> PrepareAsync(
        Containerd node, string[] arguments, string runtime = Ctr.Skiff, bool withInput = false, bool terminal = false)
    {
        var id = Names.Next("t");
        var split = Array.IndexOf(arguments, "--");
        var options = split < 0 ? [] : arguments[..split];
        await node.Ctr.RunAsync(
            ["container", "create", "--runtime", runtime, .. terminal ? new[] { "--tty" } : [], .. options, Images.Guests, id, .. arguments[(split + 1)..]]);
        return new TestTask(node, id, await Stdio.CreateAsync(withInput, terminal), terminal);
    }

    /// <summary>Host pid of the init.</summary>
    public async Task<uint> CreateTaskAsync(string? stdout = null)
    {
        var request = new CreateTaskRequest
        {
            ContainerId = Id,
            Stdin = Stdio.InputPath,
            Stdout = stdout ?? Stdio.OutputPath,
            Stderr = _terminal ? "" : stdout ?? Stdio.ErrorPath,
            Terminal = _terminal,
        };
        var mounts = await Node.Client.Snapshots.MountsAsync(new MountsRequest { Snapshotter = "overlayfs", Key = Id }, Headers);
        request.Rootfs.Add(mounts.Mounts);
        return (await Tasks.CreateAsync(request, Headers, Deadline())).Pid;
    }

    public async Task<uint> StartAsync(string execId = "") =>
        (await Tasks.StartAsync(new StartRequest { ContainerId = Id, ExecId = execId }, Headers, Deadline())).Pid;

    public async Task<Process> StateAsync(string execId = "") =>
        (await Tasks.GetAsync(new GetRequest { ContainerId = Id, ExecId = execId }, Headers, Deadline())).Process;

    public async Task<uint> WaitAsync(string execId = "", TimeSpan? deadline = null) =>
        (await Tasks.WaitAsync(new WaitRequest { ContainerId = Id, ExecId = execId }, Headers, Deadline(deadline))).ExitStatus;

    public async Task KillAsync(int signal, string execId = "", bool all = false) =>
        await Tasks.KillAsync(new KillRequest { ContainerId = Id, ExecId = execId, Signal = (uint)signal, All = all }, Headers, Deadline());

    public async Task<DeleteResponse> DeleteAsync()
    {
        var answer = await Tasks.DeleteAsync(new DeleteTaskRequest { ContainerId = Id }, Headers, Deadline());
        _deleted = true;
        return answer;
    }

    public async Task<DeleteResponse> DeleteExecAsync(string execId) =>
        await Tasks.DeleteProcessAsync(new DeleteProcessRequest { ContainerId = Id, ExecId = execId }, Headers, Deadline());

    public async Task PauseAsync() => await Tasks.PauseAsync(new TaskRequest { ContainerId = Id }, Headers, Deadline());

    public async Task ResumeAsync() => await Tasks.ResumeAsync(new TaskRequest { ContainerId = Id }, Headers, Deadline());

    public async Task<IReadOnlyList<uint>> PidsAsync() =>
        [.. (await Tasks.ListPidsAsync(new TaskRequest { ContainerId = Id }, Headers, Deadline())).Processes.Select(process => process.Pid)];

    public async Task ResizeAsync(uint width, uint height) =>
        await Tasks.ResizePtyAsync(new ResizePtyRequest { ContainerId = Id, Width = width, Height = height }, Headers, Deadline());

    public async Task CloseInputAsync() => await Tasks.CloseIOAsync(new CloseIORequest { ContainerId = Id, Stdin = true }, Headers, Deadline());

    public async Task UpdateAsync(string resourcesJson) => await Tasks.UpdateAsync(
        new UpdateTaskRequest
        {
            ContainerId = Id,
            Resources = new Any
            {
                TypeUrl = "types.containerd.io/opencontainers/runtime-spec/1/LinuxResources",
                Value = ByteString.CopyFromUtf8(resourcesJson),
            },
        },
        Headers,
        Deadline());

    /// <summary>Adds a process with the container's own process object, changed in its arguments; it is not started.</summary>
    public async Task<Stdio> ExecAsync(string execId, string[] arguments)
    {
        var config = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Bundle, "config.json")))!;
        var process = config["process"]!.DeepClone().AsObject();
        process["args"] = new JsonArray([.. arguments.Select(word => (JsonNode)word)]);
        process["terminal"] = false;
        var stdio = await Stdio.CreateAsync();
        var request = new ExecProcessRequest
        {
            ContainerId = Id,
            ExecId = execId,
            Stdout = stdio.OutputPath,
            Stderr = stdio.ErrorPath,
            Spec = new Any { TypeUrl = ProcessType, Value = ByteString.CopyFromUtf8(process.ToJsonString()) },
        };
        try
        {
            await Tasks.ExecAsync(request, Headers, Deadline());
            return stdio;
        }
        catch
        {
            stdio.Dispose();
            throw;
        }
    }

    /// <summary>Exec, start, wait, delete: exit code and what it said.</summary>
    public async Task<CommandResult> RunExecAsync(params string[] arguments)
    {
        var execId = Names.Next("e");
        using var stdio = await ExecAsync(execId, arguments);
        try
        {
            await StartAsync(execId);
            var code = await WaitAsync(execId);
            await stdio.Ended.WaitAsync(TimeSpan.FromSeconds(10));
            return new CommandResult(string.Join(' ', arguments), (int)code, stdio.Output, stdio.Error);
        }
        finally
        {
            await DeleteExecAsync(execId);
        }
    }

    /// <summary>The end whatever state it is in: killed, deleted, and its container removed.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_deleted)
        {
            await Node.Ctr.TryAsync("task", "kill", "-s", "KILL", Id);
            try
            {
                await WaitAsync(deadline: TimeSpan.FromSeconds(5));
            }
            catch (RpcException)
            {
                // No such task, or its end cannot be seen: the leak check at the end of the test has the last word.
            }

            await Node.Ctr.TryAsync("task", "delete", "-f", Id);
        }

        await Node.Ctr.TryAsync("container", "delete", Id);
        Stdio.Dispose();
    }

    private static DateTime Deadline(TimeSpan? time = null) => TimeProvider.System.GetUtcNow().UtcDateTime + (time ?? TimeSpan.FromSeconds(30));
}
