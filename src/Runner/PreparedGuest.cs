using Skiff.Engine;
using Skiff.Guest;
using Skiff.Wasi.Streams;

namespace Skiff.Runner;

/// <summary>A guest whose code is mapped and whose imports are bound.</summary>
internal sealed class PreparedGuest(Parts parts, IEntry entry, StandardStreams stdio, Deadline deadline) : IPreparedGuest
{
    // What wasi:cli/exit and proc_exit can say, as a process's exit code can.
    private const int ExitCodeMask = 0xFF;

    private bool _started;

    public GuestExit Run()
    {
        if (_started)
        {
            throw new InvalidOperationException("a prepared guest runs once");
        }

        _started = true;
        using (deadline.Begin(entry.Store))
        {
            var (end, code) = entry.Enter();
            Flush();
            return end is null ? new GuestExit(code) : Ended(end);
        }
    }

    public void Dispose() => parts.Dispose();

    // A reader that takes its time holds up the end, as it would hold up the guest; the guest's own limit bounds both.
    private void Flush()
    {
        var flush = stdio.FlushAsync(entry.Store.Stopped);
        try
        {
            flush.AsTask().GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            // The time is over: what was not taken until now is lost, as with a process that is killed.
        }
    }

    private GuestExit Ended(CallEnd end)
    {
        if (end.ExitStatus is { } status)
        {
            return new GuestExit(status & ExitCodeMask);
        }

        return end.Trap!.Interrupted && deadline.IsOver
            ? deadline.Exit
            : new GuestExit(GuestExit.Trapped, $"guest trapped: {end.Trap}");
    }
}

/// <summary>How a guest is entered.</summary>
internal interface IEntry
{
    WasmStore Store { get; }

    /// <summary>Runs the guest: how it ended if it did not return, else the exit code.</summary>
    (CallEnd? End, int Code) Enter();
}
