using System.Globalization;
using Skiff.Engine.Native;

namespace Skiff.Engine;

/// <summary>
/// Holds the limits of one store. The engine checks each linear memory against one figure; the sum is held by sharing: whenever a
/// module is instantiated, that figure becomes the largest at which all memories together, each grown to it or left as large as it
/// is, still fit. So the only memory of a guest may take everything, and two may take half each.
/// </summary>
internal sealed class MemoryBudget : IDisposable
{
    // The engine keeps its own default for a negative limit.
    private const long Default = -1;

    // Of Wasmtime's text when a module needs more memories than the store may have.
    private const string TooManyMemories = "memory count too high";

    // And when a memory is larger from the start than it may become.
    private const string TooLarge = "exceeds memory limits";

    private readonly WasmStore _store;
    private readonly StoreLimits _limits;
    private readonly MemoryQuota? _quota;
    private readonly List<GuestMemory> _memories = [];

    // Memories that are not exported: the size of each cannot be asked for, so it counts as large as it may have become.
    private readonly List<long> _hidden = [];
    private long _share;

    // What the quota has been told of this store.
    private long _own;

    public MemoryBudget(WasmStore store, StoreLimits limits)
    {
        _store = store;
        _limits = limits;
        _quota = limits.Memory;
        _share = Total ?? Default;
        Apply(limits.Memories);
    }

    // Of this store.
    private long? Total => (_limits.MemoryBytes, _quota?.RoomFor(_own)) switch
    {
        ({ } own, { } room) => Math.Min(own, room),
        var (own, room) => own ?? room,
    };

    public delegate NativeInstance Instantiator<in T>(WasmStore store, CompiledModule module, T argument);

    /// <summary>Makes an instance within the limits.</summary>
    /// <param name="instantiate">Asked again when the module turns out to have memories that it does not export.</param>
    public ModuleInstance? Instantiate<T>(CompiledModule module, T argument, Instantiator<T> instantiate, out CallEnd? end)
    {
        while (true)
        {
            end = Admit(module);
            if (end is not null)
            {
                return null;
            }

            var made = instantiate(_store, module, argument);
            if ((made.Error | made.Trap) == 0)
            {
                return Add(module, made.Instance);
            }

            end = _store.Ended(made.Error, made.Trap, unless: fault => IsHiddenMemory(module, fault));
            NoteRefusal(end);
            if (end is not null)
            {
                return null;
            }
        }
    }

    /// <summary>As <see cref="Instantiate"/>, on a fiber.</summary>
    public async ValueTask<Instantiation> InstantiateAsync(CompiledModule module, Func<FiberFuture> begin, CancellationToken cancellation)
    {
        while (true)
        {
            if (Admit(module) is { } refused)
            {
                return new Instantiation(null, refused);
            }

            _store.ThrowIfBusy();
            var future = begin();
            if (await FiberCall.RunAsync(_store, future, cancellation) is { } end)
            {
                NoteRefusal(end);
                return new Instantiation(null, end);
            }

            if (!future.IsRefused)
            {
                return new Instantiation(Add(module, future.Instance), null);
            }
        }
    }

    /// <summary>Whether an instantiation failed for a memory that nobody knew of; if so, the next attempt counts it in.</summary>
    public bool IsHiddenMemory(CompiledModule module, string fault)
    {
        if (Total is null || !fault.Contains(TooManyMemories, StringComparison.Ordinal) || Count(module) >= _limits.Memories)
        {
            return false;
        }

        module.Memories++;
        return true;
    }

    /// <summary>The guest is about to run: its memories may grow by what there is now.</summary>
    public void BeginTurn()
    {
        if (_quota is null || (_memories.Count == 0 && _hidden.Count == 0))
        {
            return;
        }

        var share = Default;
        if (Total is { } total)
        {
            // Above it nothing grows; who is above it for another reason than its own is not ended here.
            share = _memories.Count == 1 && _hidden.Count == 0 ? total : Share(Sizes(), total) ?? 0;
        }

        if (share != _share)
        {
            _share = share;
            Apply(share == Default ? _limits.Memories : _memories.Count + _hidden.Count);
        }
    }

    /// <summary>The guest has run: what it holds now is counted.</summary>
    public void EndTurn()
    {
        if (_quota is null)
        {
            return;
        }

        var own = 0L;
        foreach (var memory in _memories)
        {
            own += (long)memory.Length;
        }

        foreach (var hidden in _hidden)
        {
            own += Math.Max(0, hidden);
        }

        var change = own - _own;
        _own = own;
        _quota.Add(change);
    }

    /// <summary>After the store has gone.</summary>
    public void Dispose()
    {
        _quota?.Add(-_own);
        _own = 0;
    }

    private long Count(CompiledModule module) => _memories.Count + _hidden.Count + module.Memories;

    // Before an instantiation: makes room for the module's memories, and lets it have no others.
    private CallEnd? Admit(CompiledModule module)
    {
        if (Total is not { } total)
        {
            return null;
        }

        if (_memories.Count == 0 && _hidden.Count == 0 && module.Memories <= 1 && module.Memories <= _limits.Memories)
        {
            // As most guests are, without the lists.
            _share = total;
            Apply(module.Memories);
            return null;
        }

        var sizes = Sizes();
        sizes.AddRange(Enumerable.Repeat(0L, module.Memories));
        if (sizes.Count == 0)
        {
            Apply(0);
            return null;
        }

        if (sizes.Count > _limits.Memories)
        {
            return _store.Refuse($"the guest has more linear memories than it may: {_limits.Memories}");
        }

        if (Share(sizes, total) is not { } share)
        {
            _quota?.Refuse();
            return _store.Refuse(string.Create(CultureInfo.InvariantCulture, $"the guest's linear memories are larger than it may have in all: {total} bytes"));
        }

        _share = share;
        Apply(sizes.Count);
        return null;
    }

    private List<long> Sizes() => [.. _hidden, .. _memories.Select(memory => (long)memory.Length)];

    private void NoteRefusal(CallEnd? end)
    {
        if (end?.Trap is { } trap && trap.Message.Contains(TooLarge, StringComparison.Ordinal))
        {
            _quota?.Refuse();
        }
    }

    // The largest figure to which all may grow, those that are larger already staying as they are; null when these alone are too large.
    private static long? Share(List<long> sizes, long total)
    {
        sizes.Sort();
        for (var i = sizes.Count - 1; i >= 0; i--)
        {
            var share = total / (i + 1);
            if (share >= sizes[i])
            {
                return share;
            }

            total -= sizes[i];
        }

        return null;
    }

    private ModuleInstance Add(CompiledModule module, wasmtime_instance_t native)
    {
        var instance = new ModuleInstance(_store, module, native);
        if (_limits.MemoryBytes is null && _quota is null)
        {
            return instance;
        }

        var found = 0;
        foreach (var export in module.Exports)
        {
            if (export.Kind == ExternKind.Memory && instance.Get(export).AsMemory() is { } memory && !_memories.Contains(memory))
            {
                _memories.Add(memory);
                found++;
            }
        }

        for (; found < module.Memories; found++)
        {
            _hidden.Add(_share);
        }

        return instance;
    }

    private void Apply(long memories) => StoreApi.wasmtime_store_limiter(
        _store.Handle, _share, _limits.TableElements, _limits.Instances, _limits.Tables, memories);
}
