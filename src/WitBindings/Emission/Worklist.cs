using System.Collections.Generic;

namespace Skiff.WitBindings.Emission;

/// <summary>What is still to be written, each once, in the order of the first request.</summary>
internal sealed class Worklist<T>
{
    private readonly HashSet<T> _seen = [];
    private readonly Queue<T> _queue = new();

    public void Add(T item)
    {
        if (_seen.Add(item))
        {
            _queue.Enqueue(item);
        }
    }

    public bool TryNext(out T item)
    {
        var any = _queue.Count > 0;
        item = any ? _queue.Dequeue() : default!;
        return any;
    }


}
