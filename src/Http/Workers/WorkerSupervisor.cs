using System.Globalization;
using System.Net.Sockets;
using Skiff.Http.Health;
using Skiff.Linux;

namespace Skiff.Http.Workers;

/// <summary>How a worker process is started; it finds its sockets at the descriptors of <see cref="WorkerSupervisor"/>.</summary>
/// <param name="Program">Absolute path.</param>
/// <param name="Arguments">Argument vector, element 0 included.</param>
public sealed record WorkerProgram(string Program, IReadOnlyList<string> Arguments);

/// <summary>
/// Keeps several processes that accept from one listening socket. Guests that dirty much memory lose by threads, because each of
/// their page faults and unmappings contends for the one address space; one process to a core does not.
/// A worker that dies is started again, with a line in the log, later each time it dies soon.
/// </summary>
/// <param name="listener">Stays the caller's, who does not accept from it.</param>
public sealed class WorkerSupervisor(
    WorkerProgram program, IReadOnlyList<int> processors, Socket listener, ChildReaper reaper, TimeProvider time, Action<string> log) : IAsyncDisposable
{
    /// <summary>Where a worker finds the listening socket.</summary>
    public const int ListenerDescriptor = 3;

    /// <summary>Where a worker finds its channel to the supervisor.</summary>
    public const int ChannelDescriptor = 4;

    private static readonly TimeSpan RestartFirst = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RestartLongest = TimeSpan.FromSeconds(10);

    /// <summary>A worker that has lived so long did not die of its start: the next restart is quick again.</summary>
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan FiguresPatience = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _stopping = new();
    private readonly Worker?[] _workers = new Worker?[processors.Count];
    private readonly TaskCompletionSource[] _ready = [.. processors.Select(_ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously))];
    private Task[] _watches = [];

    /// <summary>Starts the workers and waits until each answers requests.</summary>
    /// <exception cref="TimeoutException">One did not within <paramref name="patience"/>; the log says what became of it.</exception>
    public async Task StartAsync(TimeSpan patience, CancellationToken cancellation)
    {
        _watches = [.. processors.Select((_, index) => Task.Run(() => KeepAsync(index), CancellationToken.None))];
        try
        {
            await Task.WhenAll(_ready.Select(ready => ready.Task)).WaitAsync(patience, time, cancellation);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException(string.Create(CultureInfo.InvariantCulture, $"a worker process was not ready within {patience.TotalSeconds} s"));
        }
    }

    /// <summary>Process ids of the workers alive.</summary>
    public IReadOnlyList<int> Processes => [.. _workers.Select(worker => worker?.Process.Pid ?? 0).Where(pid => pid != 0)];

    /// <summary>The sum of what the workers counted.</summary>
    public async Task<ProcessFigures> AddFiguresAsync(SiteMetrics into, CancellationToken cancellation)
    {
        var sum = ProcessFigures.Read();
        foreach (var worker in _workers)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            patience.CancelAfter(FiguresPatience);
            try
            {
                if (worker is not null && await worker.Channel.FiguresAsync(patience.Token) is { } figures)
                {
                    var one = WorkerChannel.Unpack(figures, into);
                    sum = new ProcessFigures(sum.ResidentBytes + one.ResidentBytes, sum.ProcessorTime + one.ProcessorTime, sum.MinorFaults + one.MinorFaults);
                }
            }
            catch (Exception gone) when (gone is OperationCanceledException or ObjectDisposedException)
            {
                // A worker that is ending or hangs: its figures are missing, not everybody's.
            }
        }

        return sum;
    }

    /// <summary>Lets the workers finish; whoever needs longer than the grace and a little is killed.</summary>
    public async Task StopAsync(TimeSpan grace)
    {
        await _stopping.CancelAsync();
        var workers = _workers.OfType<Worker>().ToList();
        await Task.WhenAll(workers.Select(worker => worker.Channel.AskToStopAsync(CancellationToken.None)));
        try
        {
            await Task.WhenAll(_watches).WaitAsync(grace + TimeSpan.FromSeconds(1), time);
        }
        catch (TimeoutException)
        {
            workers.ForEach(worker => worker.Process.Signal(Signals.SIGKILL));
            await Task.WhenAll(_watches);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(TimeSpan.Zero);
        _stopping.Dispose();
    }

    private async Task KeepAsync(int index)
    {
        var pause = RestartFirst;
        while (!_stopping.IsCancellationRequested)
        {
            var begun = time.GetTimestamp();
            var ended = await RunAsync(index);
            if (_stopping.IsCancellationRequested)
            {
                return;
            }

            pause = time.GetElapsedTime(begun) >= Settled ? RestartFirst : pause;
            log(string.Create(CultureInfo.InvariantCulture, $"worker {index} {ended}; started again in {pause.TotalMilliseconds} ms"));
            try
            {
                await Task.Delay(pause, time, _stopping.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            pause = pause * 2 < RestartLongest ? pause * 2 : RestartLongest;
        }
    }

    /// <summary>One life of a worker.</summary>
    /// <returns>How it ended, for people.</returns>
    private async Task<string> RunAsync(int index)
    {
        var (ours, theirs) = Descriptors.SocketPair();
        using var channel = new WorkerChannel(ours);
        ChildProcess process;
        try
        {
            process = ThreadAffinity.With(processors[index], () => reaper.Spawn(new SpawnRequest
            {
                Program = program.Program,
                Arguments = program.Arguments,
                StandardOutput = new Microsoft.Win32.SafeHandles.SafeFileHandle(1, ownsHandle: false),
                StandardError = new Microsoft.Win32.SafeHandles.SafeFileHandle(2, ownsHandle: false),
                Inherited = [listener.SafeHandle, theirs],
            }));
        }
        catch (LinuxException fault)
        {
            return $"could not be started: {fault.Message}";
        }
        finally
        {
            theirs.Dispose();
        }

        _workers[index] = new Worker(process, channel);
        try
        {
            if (await channel.WaitUntilReadyAsync(CancellationToken.None))
            {
                _ready[index].TrySetResult();
            }
        }
        catch (SocketException)
        {
            // Its end says more.
        }

        var exit = await process.Exit;
        _workers[index] = null;
        return $"(process {process.Pid}) ended: {exit}";
    }

    private sealed record Worker(ChildProcess Process, WorkerChannel Channel);
}
