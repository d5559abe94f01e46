using Skiff.Linux;
using Skiff.Sandbox;

namespace Skiff.Shim.Tests.Doubles;

/// <summary>A process that ends when it is signalled or told to. Its steps can be made to fail or to wait.</summary>
internal class FakeProcess(int pid, TimeProvider time) : IGuestProcess
{
    private readonly TaskCompletionSource<ProcessExit> _exit = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Pid { get; } = pid;

    public Task<ProcessExit> Exit => _exit.Task;

    public Terminal? Terminal => null;

    public bool Started { get; private set; }

    public bool HasEnded => _exit.Task.IsCompleted;

    /// <summary>Runs inside Start, before it answers.</summary>
    public Func<FakeProcess, Task> OnStart { get; set; } = _ => Task.CompletedTask;

    public List<int> Signals { get; } = [];

    public async Task StartAsync(CancellationToken cancellation)
    {
        await OnStart(this);
        Started = true;
    }

    public bool Signal(int signal)
    {
        if (HasEnded)
        {
            return false;
        }

        lock (Signals)
        {
            Signals.Add(signal);
        }

        if (signal is 9 or 15)
        {
            End(128 + signal);
        }

        return true;
    }

    public void End(int code) => _exit.TrySetResult(new ProcessExit(code, time.GetUtcNow()));

    public void LoseExit() => _exit.TrySetCanceled();
}
