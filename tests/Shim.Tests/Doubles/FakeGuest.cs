using Skiff.Guest;
using Skiff.Linux;
using Skiff.Sandbox;

namespace Skiff.Shim.Tests.Doubles;

internal sealed class FakeGuest(GuestRequest request, int pid, FakeSandbox sandbox, TimeProvider time) : FakeProcess(pid, time), IGuest
{
    /// <summary>A group that no process is in.</summary>
    private static readonly ControlGroup NoGroup = ControlGroup.FromMembership("");

    private readonly TimeProvider _time = time;

    public string Pod => Request.Id;

    public GuestRequest Request { get; } = request;

    public List<FakeProcess> Execs { get; } = [];

    public bool Paused { get; private set; }

    public bool Deleted { get; private set; }

    public byte[]? UpdatedTo { get; private set; }

    public ControlGroup ControlGroup => NoGroup;

    /// <summary>Called at each named step; may throw what the sandbox would throw.</summary>
    public Func<string, Task> OnStep { get; set; } = _ => Task.CompletedTask;

    public Func<FakeProcess, Task> OnExecStart { get; set; } = _ => Task.CompletedTask;

    public IGuestProcess Exec(string execId, ReadOnlyMemory<byte> processJson, GuestStdio stdio)
    {
        var exec = new FakeProcess(sandbox.NextPid(), _time) { OnStart = OnExecStart };
        Execs.Add(exec);
        return exec;
    }

    public void SignalAll(int signal)
    {
        Signal(signal);
        Execs.ForEach(exec => exec.Signal(signal));
    }

    public async Task PauseAsync(CancellationToken cancellation)
    {
        await OnStep("pause");
        Paused = true;
    }

    public async Task ResumeAsync(CancellationToken cancellation)
    {
        await OnStep("resume");
        Paused = false;
    }

    public async Task UpdateAsync(ReadOnlyMemory<byte> resourcesJson, CancellationToken cancellation)
    {
        await OnStep("update");
        UpdatedTo = resourcesJson.ToArray();
    }

    public Task<GuestUsage?> UsageAsync(CancellationToken cancellation) => Task.FromResult<GuestUsage?>(null);

    public long OomKills() => 0;

    public Task<bool> WaitForOomAsync(CancellationToken cancellation) => Task.FromResult(false);

    public IReadOnlyList<int> Pids() => HasEnded ? [] : [Pid, .. Execs.Where(exec => exec.Started && !exec.HasEnded).Select(exec => exec.Pid)];

    public async Task DeleteAsync(CancellationToken cancellation)
    {
        await OnStep("delete");
        End(137);
        Deleted = true;
    }
}
