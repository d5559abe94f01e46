using Skiff.Shim.Events;

namespace Skiff.Shim.Server;

/// <summary>Passes events on to containerd, and keeps the log's places in step with the bundles that come and go.</summary>
internal sealed class ServerEvents(IEventSink next, LogFile logFile) : IEventSink
{
    public void Publish(TaskEvent happened)
    {
        next.Publish(happened);
        switch (happened)
        {
            case TaskCreated created:
                logFile.Prune();
                logFile.Add(created.Bundle);
                break;
            default:
                break;
        }
    }
}
