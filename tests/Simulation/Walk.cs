using Skiff.Sandbox;
using Skiff.Shim;
using Skiff.Shim.Bootstrap;
using Skiff.Shim.Events;
using Skiff.Shim.Stdio;
using Skiff.Shim.Tasks;
using Skiff.Shim.Tests.Doubles;
using Skiff.Testing;
using Skiff.Ttrpc;

namespace Skiff.Simulation;

/// <summary>One random walk over the task service: calls in any order, several at a time, with faults, deaths and a containerd that comes and goes.</summary>
internal sealed class Walk : IEventForwarder, IAsyncDisposable
{
    private static readonly string[] Ids = ["a", "b", "c"];
    private static readonly string[] ExecIds = ["x", "y"];

    private readonly OneThread _thread;
    private readonly Random _random;
    private readonly ManualTime _time = new();
    private readonly Faults _faults;
    private readonly Witness _witness = new();
    private readonly FakeSandbox _sandbox;
    private readonly FakeStdioOpener _stdio = new();
    private readonly EventQueue _queue;
    private readonly TaskService _service;
    private readonly List<Task> _calls = [];
    private readonly Dictionary<TaskProcessKey, List<Task<ExitRecord>>> _waits = [];
    private readonly List<string> _delivered = [];
    private readonly bool _timePasses;
    private bool _containerdAway;

    public Walk(OneThread thread, int seed)
    {
        (_thread, _random) = (thread, new Random(seed));
        _timePasses = _random.Next(2) == 0;
        _witness.TimeHasPassed = _timePasses;
        _faults = new Faults(_random);
        _sandbox = new FakeSandbox(_time)
        {
            OnCreate = (_, cancellation) => _faults.AtAsync("create", cancellation),
            OnCreated = guest =>
            {
                guest.OnStart = _ => _faults.AtAsync("start");
                guest.OnExecStart = _ => _faults.AtAsync("exec start");
                guest.OnStep = step => _faults.AtAsync(step);
                if (_random.Next(10) == 0)
                {
                    guest.End(1);
                }
            },
        };
        _stdio.OnOpen = _ => _faults.AtAsync("open stdio");
        var log = new ShimLog(_time, _ => { });
        _queue = new EventQueue("sim", this, _time, log);
        _service = new TaskService("sim", _sandbox, _stdio, new Both(_witness, _queue), _time, log, null);
    }

    /// <summary>Steps so far, for the message of a failure.</summary>
    public List<string> Steps { get; } = [];

    public Task RunAsync(int steps)
    {
        for (var i = 0; i < steps; i++)
        {
            Step();
            _thread.Settle(_random.Next(4));
            CheckCalls();
        }

        return EndAsync();
    }

    public ValueTask DisposeAsync() => _queue.DisposeAsync();

    async Task IEventForwarder.ForwardAsync(ReadOnlyMemory<byte> forwardRequest, CancellationToken cancellation)
    {
        await Task.Yield();
        if (_containerdAway)
        {
            throw new TtrpcConnectionException("away");
        }

        _delivered.Add(Convert.ToHexString(forwardRequest.Span));
    }

    private void Step()
    {
        var id = Pick(Ids);
        var exec = Pick(ExecIds);
        switch (_random.Next(23))
        {
            case 0 or 1 or 2:
                Call("create", id, () => CreateAsync(id));
                break;
            case 3 or 4 or 5:
                Call("start", id, () => _service.StartAsync(id, ""));
                break;
            case 6:
                Call("delete", id, () => _service.DeleteAsync(id, ""));
                break;
            case 7:
                Call("add exec", id + exec, () => Sync(() => _service.Exec(new ExecCreation(id, exec, StdioAddresses.None, "{}"u8.ToArray()))));
                break;
            case 8 or 9:
                Call("start exec", id + exec, () => _service.StartAsync(id, exec));
                break;
            case 10:
                Call("delete exec", id + exec, () => _service.DeleteAsync(id, exec));
                break;
            case 11:
                Call("kill", id, () => _service.KillAsync(id, "", Pick([9, 15, 10, 0]), all: _random.Next(2) == 0));
                break;
            case 12:
                Call("kill exec", id + exec, () => _service.KillAsync(id, exec, Pick([9, 15, 10]), all: false));
                break;
            case 13:
                Call("pause", id, () => _service.PauseAsync(id));
                break;
            case 14:
                Call("resume", id, () => _service.ResumeAsync(id));
                break;
            case 15:
                Call("update", id, () => _service.UpdateAsync(id, "{}"u8.ToArray(), CancellationToken.None));
                break;
            case 16:
                Look(id, exec);
                break;
            case 17 or 18:
                Wait(id, _random.Next(2) == 0 ? "" : exec);
                break;
            case 19:
                Die();
                break;
            case 20:
                Say("release", "");
                _faults.ReleaseOne();
                break;
            case 21:
                Say("containerd", "");
                _containerdAway = !_containerdAway;
                break;
            default:
                PassTime(TimeSpan.FromMilliseconds(_random.Next(_timePasses ? 5000 : 10)));
                break;
        }
    }

    private async Task CreateAsync(string id)
    {
        using var caller = new CancellationTokenSource();
        var create = _service.CreateAsync(
            new TaskCreation(id, $"/bundle/{id}", [], new StdioAddresses("", "/out", "", _random.Next(4) == 0), ShimOptions.Default), caller.Token);
        if (_random.Next(8) == 0)
        {
            caller.Cancel();
        }

        await create;
    }

    private void Look(string id, string exec)
    {
        Call("look", id, () => Sync(() =>
        {
            Assert.NotEmpty(_service.Pids(id));
            _service.State(id, "");
            _service.CloseInput(id, exec);
            _service.ResizePty(id, "", 80, 25);
        }));
    }

    /// <summary>Waits are told apart by the process they wait for: the same names come again in a later life.</summary>
    private void Wait(string id, string execId)
    {
        Say("wait", id + execId);
        try
        {
            var pid = _service.State(id, execId).Pid;
            var wait = _service.WaitAsync(id, execId, CancellationToken.None);
            var key = new TaskProcessKey(id, execId, pid);
            if (pid != 0)
            {
                if (!_waits.TryGetValue(key, out var waits))
                {
                    _waits.Add(key, waits = []);
                }

                waits.Add(wait);
            }

            _calls.Add(wait);
        }
        catch (ShimException)
        {
            // Nobody to wait for.
        }
    }

    private void Die()
    {
        var living = _sandbox.Guests.SelectMany(guest => guest.Execs.Prepend(guest)).Where(process => !process.HasEnded).ToList();
        if (living.Count > 0)
        {
            var process = Pick(living);
            Say("die", $"{process.Pid}");
            if (_random.Next(20) == 0)
            {
                process.LoseExit();
            }
            else
            {
                process.End(_random.Next(256));
            }

            // As the kernel does: execs do not outlive the init of their pid namespace.
            if (process is FakeGuest guest)
            {
                guest.Execs.ForEach(exec => exec.Signal(9));
            }
        }
    }

    private void PassTime(TimeSpan time)
    {
        Say("time", $"{time.TotalMilliseconds}");
        _time.Advance(time);
    }

    private void Call(string what, string whom, Func<Task> call)
    {
        Say(what, whom);
        _calls.Add(AsTask(call));
    }

    /// <summary>A call that is refused before its first await is a failed call like the others.</summary>
    private static async Task AsTask(Func<Task> call) => await call();

    private static async Task Sync(Action call)
    {
        await Task.Yield();
        call();
    }

    /// <summary>Refusals and simulated faults are answers; anything else is a bug.</summary>
    private void CheckCalls()
    {
        for (var i = _calls.Count - 1; i >= 0; i--)
        {
            if (_calls[i].IsCompleted)
            {
                var failure = _calls[i].Exception?.InnerException;
                Assert.True(failure is null or ShimException or SandboxException or OperationCanceledException, $"a call failed with {failure}");
                _calls.RemoveAt(i);
            }
        }
    }

    /// <summary>Everything works again; whoever cleans up must get all of it away.</summary>
    private async Task EndAsync()
    {
        Say("end", "");
        _faults.On = false;
        _containerdAway = false;
        for (var round = 0; round < 200 && (_service.Count > 0 || _faults.Parked > 0 || _calls.Count > 0 || _queue.Length > 0); round++)
        {
            while (_faults.Parked > 0)
            {
                _faults.ReleaseOne();
            }

            _thread.Settle();
            foreach (var id in Ids)
            {
                Call("kill", id, () => _service.KillAsync(id, "", 9, all: true));
                _thread.Settle();
                Call("delete", id, () => _service.DeleteAsync(id, ""));
                _thread.Settle();
            }

            PassTime(TimeSpan.FromMilliseconds(_timePasses ? 3000 : 100));
            _thread.Settle();
            CheckCalls();
        }

        Check();
        await DisposeAsync();
    }

    private void Check()
    {
        Assert.Equal(0, _service.Count);
        Assert.Empty(_calls);
        Assert.Equal(0, _stdio.Open);
        Assert.All(_sandbox.Guests, guest => Assert.True(guest.Deleted && guest.HasEnded, $"guest {guest.Pid} was left behind"));
        Assert.All(_sandbox.Guests.SelectMany(guest => guest.Execs).Where(exec => exec.Started), exec => Assert.True(exec.HasEnded));
        foreach (var waits in _waits.Values)
        {
            Witness.SameAnswers(waits.Select(wait => wait.Result));
        }

        Assert.Equal(_witness.Told.Count, _delivered.Count);
        var starts = _witness.Told.OfType<ExecStarted>().Select(started => started.Pid);
        var ends = _witness.Told.OfType<ProcessExited>().Where(exited => exited.ProcessId != exited.ContainerId).Select(exited => exited.Pid);
        Assert.Equal(starts.Order(), ends.Order());
        Assert.Equal(
            _witness.Told.OfType<TaskCreated>().Select(created => created.Pid).Order(),
            _witness.Told.OfType<TaskDeleted>().Select(deleted => deleted.Pid).Order());
    }

    private T Pick<T>(IReadOnlyList<T> choices) => choices[_random.Next(choices.Count)];

    private void Say(string what, string whom) => Steps.Add(whom.Length == 0 ? what : $"{what} {whom}");

    private readonly record struct TaskProcessKey(string Id, string ExecId, int Pid);

    private sealed class Both(IEventSink first, IEventSink second) : IEventSink
    {
        public void Publish(TaskEvent happened)
        {
            first.Publish(happened);
            second.Publish(happened);
        }
    }
}
