using Skiff.Sandbox;
using Skiff.Shim.Stdio;

namespace Skiff.Shim.Tasks;

/// <summary>
/// One process of a task: its init, or an exec. All fields but <see cref="Exited"/> are guarded by the task service's gate.
/// </summary>
internal sealed class TaskProcess(string containerId, string execId, StdioAddresses addresses, ProcessState state)
{
    private readonly TaskCompletionSource<ExitRecord> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource? _starting;

    public string ContainerId { get; } = containerId;

    /// <summary>Empty for the init.</summary>
    public string ExecId { get; } = execId;

    public StdioAddresses Addresses { get; } = addresses;

    public ProcessState State { get; set; } = state;

    /// <summary>Null until there is a process: an exec has one from its Start on.</summary>
    public IGuestProcess? Guest { get; set; }

    public IProcessStdio? Stdio { get; set; }

    /// <summary>The OCI <c>process</c> object of an exec, until it is started.</summary>
    public ReadOnlyMemory<byte> ProcessJson { get; set; }

    /// <summary>The terminal's size asked for before there was a terminal.</summary>
    public (int Columns, int Rows)? TerminalSize { get; set; }

    public ExitRecord? Exit { get; private set; }

    /// <summary>Completes with <see cref="Exit"/>: what every waiter of this process is answered.</summary>
    public Task<ExitRecord> Exited => _exited.Task;

    public bool IsInit => ExecId.Length == 0;

    /// <summary>Who it is, for messages.</summary>
    public string Name => IsInit ? $"task {ContainerId}" : $"exec {ExecId} of task {ContainerId}";

    /// <summary>Throws unless <paramref name="call"/> is allowed now.</summary>
    public void Require(ProcessCall call) => Transitions.Require(State, call, Name);

    /// <summary>The start under way has been told or has failed; completed when there is none.</summary>
    public Task StartSettled => _starting?.Task ?? Task.CompletedTask;

    public void BeginStart()
    {
        Require(ProcessCall.Start);
        State = ProcessState.Starting;
        _starting = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>False when the process was given up meanwhile: its task has been deleted.</summary>
    public bool EndStart(ProcessState next)
    {
        var kept = State == ProcessState.Starting;
        State = kept ? next : State;
        _starting!.SetResult();
        _starting = null;
        return kept;
    }

    /// <summary>Notes how it ended. The first end is kept; <see cref="TellExit"/> lets the waiters know.</summary>
    public ExitRecord RecordExit(ExitRecord exit) => Exit ??= exit;

    public void TellExit() => _exited.TrySetResult(Exit!);
}
