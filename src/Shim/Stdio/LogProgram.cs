using Microsoft.Win32.SafeHandles;
using Skiff.Linux;

namespace Skiff.Shim.Stdio;

/// <summary>
/// A <c>binary://</c> log program: reads the guest's outputs from its descriptors 3 and 4, says on 5 that it is ready. The guest
/// outlives it: we keep read ends, and throw away what comes when the program has died.
/// </summary>
internal sealed class LogProgram : IAsyncDisposable
{
    /// <summary>How long it may take to say that it is ready.</summary>
    private static readonly TimeSpan ReadyTime = TimeSpan.FromSeconds(10);

    /// <summary>How long Delete waits for it to read to the end and to go by itself.</summary>
    private static readonly TimeSpan EndTime = TimeSpan.FromSeconds(2);

    /// <summary>From SIGTERM to SIGKILL; containerd's own shims allow 12 s.</summary>
    private static readonly TimeSpan TermTime = TimeSpan.FromSeconds(10);

    private readonly StdioAddress _address;
    private readonly TimeProvider _time;
    private readonly ShimLog _log;
    private readonly ChildProcess _program;
    private readonly SafeFileHandle[] _readEnds;
    private readonly Lock _gate = new();
    private readonly List<DescriptorCopy> _drains = [];
    private bool _guestEnded;

    private LogProgram(StdioAddress address, ChildProcess program, Pipes pipes, TimeProvider time, ShimLog log)
    {
        (_address, _program, _time, _log) = (address, program, time, log);
        _readEnds = [pipes.OutputRead, pipes.ErrorRead];
        (Output, Error) = (pipes.OutputWrite, pipes.ErrorWrite);
        _ = WatchAsync();
    }

    /// <summary>The guest's ends.</summary>
    public SafeFileHandle Output { get; }

    public SafeFileHandle Error { get; }

    /// <exception cref="ShimException">It cannot be executed, has ended at once, or does not get ready.</exception>
    public static async Task<LogProgram> StartAsync(
        StdioAddress address, StdioOwner owner, ChildReaper reaper, TimeProvider time, ShimLog log, CancellationToken cancellation)
    {
        var pipes = Pipes.Open();
        try
        {
            var program = Spawn(address, owner, reaper, pipes);
            pipes.ReadyWrite.Dispose();
            await ReadyAsync(address, program, pipes.ReadyRead, time, cancellation);
            return new LogProgram(address, program, pipes, time, log);
        }
        catch
        {
            pipes.Dispose();
            throw;
        }
    }

    /// <summary>No more will come: the program reads the end once the guest's own ends are closed.</summary>
    public void GuestEnded()
    {
        lock (_gate)
        {
            if (_guestEnded)
            {
                return;
            }

            _guestEnded = true;
            _drains.ForEach(drain => drain.Stop());
            if (_drains.Count == 0)
            {
                Array.ForEach(_readEnds, end => end.Dispose());
            }
        }
    }

    /// <summary>Sees it out. What takes longer than a Delete may take goes on behind its back.</summary>
    public async ValueTask DisposeAsync()
    {
        GuestEnded();
        Output.Dispose();
        Error.Dispose();
        if (!await HasEndedAsync(EndTime))
        {
            _ = EndAsync();
        }
    }

    private static ChildProcess Spawn(StdioAddress address, StdioOwner owner, ChildReaper reaper, Pipes pipes)
    {
        try
        {
            return reaper.Spawn(new SpawnRequest
            {
                Program = address.Path,
                Arguments = [address.Path, .. address.Arguments],
                Environment = [$"CONTAINER_ID={owner.ContainerId}", $"CONTAINER_NAMESPACE={owner.Namespace}"],
                Inherited = [pipes.OutputRead, pipes.ErrorRead, pipes.ReadyWrite],
            });
        }
        catch (LinuxException failure)
        {
            throw new ShimException(ShimError.InvalidArgument, $"{address.Stream}: the log program cannot be started: {failure.Message}", failure);
        }
    }

    private static async Task ReadyAsync(
        StdioAddress address, ChildProcess program, SafeFileHandle ready, TimeProvider time, CancellationToken cancellation)
    {
        // A byte or the end, as the contract says. The read is a blocking one; the program's end ends it.
        var said = Task.Run(() => StreamIO.Read(ready, new byte[1]), CancellationToken.None);
        try
        {
            await said.WaitAsync(ReadyTime, time, cancellation);
        }
        catch (Exception failure) when (failure is TimeoutException or OperationCanceledException)
        {
            program.Signal(Signals.SIGKILL);
            await said;
            if (failure is OperationCanceledException)
            {
                throw;
            }

            throw new ShimException(
                ShimError.DeadlineExceeded,
                $"{address.Stream}: the log program {address.Path} has not said that it is ready (a byte on descriptor 5, or closing it) within {ReadyTime.TotalSeconds:0} s");
        }
        finally
        {
            ready.Dispose();
        }
    }

    private async Task WatchAsync()
    {
        var exit = await _program.Exit;
        lock (_gate)
        {
            if (_guestEnded)
            {
                return;
            }

            // The guest must neither block on a full pipe nor be killed by SIGPIPE because of its log.
            foreach (var end in _readEnds)
            {
                _drains.Add(DescriptorCopy.Start(end, target: null, "orphaned log"));
            }
        }

        _log.Warn($"the log program {_address.Path} has ended with {exit.Code} before its container; the container's further output is lost");
        await Task.WhenAll(_drains.Select(drain => drain.Ended)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Array.ForEach(_readEnds, end => end.Dispose());
    }

    private async Task EndAsync()
    {
        _program.Signal(Signals.SIGTERM);
        if (!await HasEndedAsync(TermTime))
        {
            _log.Warn($"the log program {_address.Path} has not ended {TermTime.TotalSeconds:0} s after SIGTERM; it is killed");
            _program.Signal(Signals.SIGKILL);
        }
    }

    private async Task<bool> HasEndedAsync(TimeSpan within)
    {
        try
        {
            await _program.Exit.WaitAsync(within, _time);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>The pipes between guest, program and us.</summary>
    private sealed record Pipes(
        SafeFileHandle OutputRead, SafeFileHandle OutputWrite, SafeFileHandle ErrorRead, SafeFileHandle ErrorWrite,
        SafeFileHandle ReadyRead, SafeFileHandle ReadyWrite) : IDisposable
    {
        public static Pipes Open()
        {
            var output = Descriptors.Pipe();
            var error = Descriptors.Pipe();
            var ready = Descriptors.Pipe();
            return new Pipes(output.Read, output.Write, error.Read, error.Write, ready.Read, ready.Write);
        }

        public void Dispose()
        {
            foreach (var end in (SafeFileHandle[])[OutputRead, OutputWrite, ErrorRead, ErrorWrite, ReadyRead, ReadyWrite])
            {
                end.Dispose();
            }
        }
    }
}
