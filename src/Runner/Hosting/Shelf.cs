using System.Diagnostics.CodeAnalysis;

namespace Skiff.Runner.Hosting;

/// <summary>
/// Things of which many users share one: made by the first who asks for it while the others wait, kept as long as anybody uses it, and the
/// last few a while longer.
/// </summary>
/// <param name="unusedMax">How many that nobody uses are kept, those last used.</param>
internal sealed class Shelf<TKey, [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)] TValue>(int unusedMax) : IDisposable
    where TKey : notnull
    where TValue : class, IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, Item> _items = [];
    private readonly LinkedList<Item> _unused = [];

    /// <summary>Things there are, used or not.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _items.Count;
            }
        }
    }

    /// <summary>The thing by this name, until the lease is disposed of.</summary>
    /// <param name="make">Its failure is the caller's, and the next one tries again.</param>
    public Lease Take(TKey key, Func<TValue> make)
    {
        Item item;
        lock (_lock)
        {
            if (!_items.TryGetValue(key, out item!))
            {
                item = new Item(key, new Lazy<TValue>(make));
                _items.Add(key, item);
            }
            else if (item.Place is { } place)
            {
                _unused.Remove(place);
                item.Place = null;
            }

            item.Users++;
        }

        try
        {
            return new Lease(this, item, item.Value.Value);
        }
        catch
        {
            lock (_lock)
            {
                // A lazy value keeps its fault for ever.
                item.Users--;
                if (_items.TryGetValue(key, out var current) && ReferenceEquals(current, item))
                {
                    _items.Remove(key);
                }
            }

            throw;
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var item in _unused)
            {
                _items.Remove(item.Key);
                item.Value.Value.Dispose();
            }

            _unused.Clear();
        }
    }

    private void Return(Item item)
    {
        Item? old = null;
        lock (_lock)
        {
            if (--item.Users > 0)
            {
                return;
            }

            item.Place = _unused.AddLast(item);
            if (_unused.Count > unusedMax)
            {
                old = _unused.First!.Value;
                _unused.RemoveFirst();
                _items.Remove(old.Key);
            }
        }

        old?.Value.Value.Dispose();
    }

    internal sealed class Lease(Shelf<TKey, TValue> shelf, Item item, TValue value) : IDisposable
    {
        private int _returned;

        public TValue Value => value;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _returned, 1) == 0)
            {
                shelf.Return(item);
            }
        }
    }

    internal sealed class Item(TKey key, Lazy<TValue> value)
    {
        public TKey Key => key;

        public Lazy<TValue> Value => value;

        public int Users { get; set; }

        /// <summary>Among those that nobody uses.</summary>
        public LinkedListNode<Item>? Place { get; set; }
    }
}
