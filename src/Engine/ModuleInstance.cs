using System.Text;
using Skiff.Engine.Native;

namespace Skiff.Engine;

/// <summary>An instance of a core module. Lives as long as its store.</summary>
public sealed unsafe class ModuleInstance
{
    private readonly WasmStore _store;
    private wasmtime_instance_t _instance;

    internal ModuleInstance(WasmStore store, CompiledModule module, wasmtime_instance_t instance) =>
        (_store, Module, _instance) = (store, module, instance);

    public CompiledModule Module { get; }

    /// <summary>
    /// Makes an instance whose imports are given one by one, in the module's order. The engine checks their types. This runs guest
    /// code if the module has a start function.
    /// </summary>
    /// <param name="end">How the start function ended the guest, or what of the imports does not fit.</param>
    /// <returns>Null exactly when <paramref name="end"/> is not.</returns>
    public static ModuleInstance? Instantiate(WasmStore store, CompiledModule module, ReadOnlySpan<Extern> imports, out CallEnd? end)
    {
        var given = Check(store, imports);
        end = store.Dead();
        return end is not null ? null : store.Budget.Instantiate(module, given, static (store, module, given) =>
        {
            if (store.NeedsFiber && store.Fiber is not null)
            {
                using var future = FiberFuture.OfInstance(store, module, given);
                return future.RunNested();
            }

            var items = Array.ConvertAll(given, import => import.Item);
            wasmtime_instance_t instance;
            nint trap = 0;
            var outer = store.EnterSync();
            fixed (wasmtime_extern_t* pointer = items)
            {
                var error = ModuleApi.wasmtime_instance_new(
                    store.Context, module.Handle, pointer, (nuint)items.Length, &instance, &trap);
                store.LeaveSync(outer);
                return new NativeInstance(instance, error, trap);
            }
        }, out end);
    }

    /// <summary>As <see cref="Instantiate"/>, on a fiber: the start function may wait.</summary>
    public static ValueTask<Instantiation> InstantiateAsync(
        WasmStore store, CompiledModule module, ReadOnlySpan<Extern> imports, CancellationToken cancellation = default)
    {
        var given = Check(store, imports);
        return store.Dead() is { } dead
            ? new ValueTask<Instantiation>(new Instantiation(null, dead))
            : store.Budget.InstantiateAsync(module, () => FiberFuture.OfInstance(store, module, given), cancellation);
    }

    /// <summary>An export by its name; null if there is none.</summary>
    /// <param name="name">UTF-8.</param>
    public Extern? Find(ReadOnlySpan<byte> name)
    {
        wasmtime_extern_t item;
        fixed (wasmtime_instance_t* instance = &_instance)
        fixed (byte* pointer = name)
        {
            byte none;
            var found = ModuleApi.wasmtime_instance_export_get(
                _store.Context, instance, pointer is null ? &none : pointer, (nuint)name.Length, &item);
            return found != 0 ? Extern.Take(_store, &item) : null;
        }
    }

    /// <inheritdoc cref="Find(ReadOnlySpan{byte})"/>
    public Extern? Find(string name) => Find(Encoding.UTF8.GetBytes(name));

    /// <summary>An export of this instance's module, without a search: for what is done at each instantiation.</summary>
    public Extern Get(ModuleExport export)
    {
        wasmtime_extern_t item;
        byte* name;
        nuint length;
        fixed (wasmtime_instance_t* instance = &_instance)
        {
            if (ModuleApi.wasmtime_instance_export_nth(_store.Context, instance, (nuint)export.Index, &name, &length, &item) == 0)
            {
                throw new ArgumentException($"{export.Name} is an export of another module", nameof(export));
            }
        }

        return Extern.Take(_store, &item) ?? throw new ArgumentException($"{export.Name} is a shared memory", nameof(export));
    }

    /// <summary>An exported function; null if there is none with this name.</summary>
    public GuestFunction? FindFunction(string name) => Find(name)?.AsFunction();

    /// <summary>An exported linear memory; null if there is none with this name.</summary>
    public GuestMemory? FindMemory(string name) => Find(name)?.AsMemory();

    private static Extern[] Check(WasmStore store, ReadOnlySpan<Extern> imports)
    {
        foreach (var import in imports)
        {
            if (!ReferenceEquals(import.Store, store))
            {
                throw new ArgumentException("an import is of another store", nameof(imports));
            }
        }

        return imports.ToArray();
    }
}
