using Skiff.Engine;
using Skiff.Guest;

namespace Skiff.Runner;

/// <summary>A guest whose code is mapped and whose imports are bound.</summary>
internal sealed class PreparedGuest(Parts parts, IEntry entry, Deadline deadline) : IPreparedGuest
{
    private bool _started;

    public GuestExit Run()
    {
        if (_started)
        {
            throw new InvalidOperationException("a prepared guest runs once");
        }

        _started = true;
        using (deadline.Begin(parts.Store!))
        {
            var (end, code) = entry.Enter(parts.Store!);
            return end is null ? new GuestExit(code) : Ended(end);
        }
    }

    public void Dispose() => parts.Dispose();

    private GuestExit Ended(CallEnd end)
    {
        if (parts.Wasi!.ExitCode is { } asked)
        {
            return new GuestExit(asked);
        }

        if (end.ExitStatus is { } status)
        {
            return new GuestExit(status & 0xFF);
        }

        return end.Trap!.Interrupted && deadline.IsOver
            ? deadline.Exit
            : new GuestExit(GuestExit.Trapped, $"guest trapped: {end.Trap}");
    }
}

/// <summary>How a guest is entered.</summary>
internal interface IEntry
{
    /// <summary>Runs the guest: how it ended if it did not return, else the exit code.</summary>
    (CallEnd? End, int Code) Enter(WasmStore store);
}
