using System.Collections.Concurrent;

namespace Skiff.Linux;

/// <summary>Does what threads in foreign namespaces must not do themselves: whatever may start a thread.</summary>
public sealed class MessengerThread : IDisposable
{
    private readonly BlockingCollection<Action> _messages = [];

    public MessengerThread() => new Thread(Work) { IsBackground = true, Name = "messenger" }.Start();

    /// <summary>From any thread; wakes this one and starts none.</summary>
    public void Post(Action message) => _messages.Add(message);

    public void Dispose() => _messages.CompleteAdding();

    private void Work()
    {
        foreach (var message in _messages.GetConsumingEnumerable())
        {
            message();
        }
    }
}
