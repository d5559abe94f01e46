using Skiff.Guest;
using Skiff.Wasi.Streams;

namespace Skiff.Runner;

/// <summary>A guest whose code is mapped and whose imports are bound.</summary>
internal sealed class PreparedGuest(Parts parts, IEntry entry, StandardStreams stdio, Deadline deadline) : IPreparedGuest
{
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
            return new CommandRun(entry, stdio, () => deadline.IsOver ? deadline.Exit : null).RunAsync().GetAwaiter().GetResult();
        }
    }

    public void Dispose() => parts.Dispose();
}
