using Skiff.Engine;
using Skiff.Guest;
using Skiff.Wasi.Streams;

namespace Skiff.Runner;

/// <summary>How a guest is entered, once. Owns its store.</summary>
internal interface IEntry : IDisposable
{
    WasmStore Store { get; }

    /// <summary>Runs the guest: how it ended if it did not return, else the exit code. Does not suspend where the guest holds its thread.</summary>
    ValueTask<(CallEnd? End, int Code)> EnterAsync();
}

/// <summary>A guest that runs from its entry to its end.</summary>
/// <param name="stopped">How a guest that was stopped has ended; null when nobody stopped it.</param>
internal sealed class CommandRun(IEntry entry, StandardStreams stdio, Func<GuestExit?> stopped)
{
    // What wasi:cli/exit and proc_exit can say, as a process's exit code can.
    private const int ExitCodeMask = 0xFF;

    public async Task<GuestExit> RunAsync()
    {
        var (end, code) = await entry.EnterAsync().ConfigureAwait(false);
        await FlushAsync().ConfigureAwait(false);
        return end is null ? new GuestExit(code) : Ended(end);
    }

    // A reader that takes its time holds up the end, as it would hold up the guest; the guest's own limit bounds both.
    private async ValueTask FlushAsync()
    {
        try
        {
            await stdio.FlushAsync(entry.Store.Stopped).ConfigureAwait(false);
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

        return end.Trap!.Interrupted && stopped() is { } exit ? exit : new GuestExit(GuestExit.Trapped, $"guest trapped: {end.Trap}");
    }
}
