using System.Runtime.InteropServices;
using System.Text;
using Skiff.Engine;

namespace Skiff.Bench.Components;

/// <summary>The same component in Wasmtime's own component runtime, with host functions by its C API.</summary>
internal sealed unsafe class Peer
{
    private const uint CounterType = 1;

    private readonly nint _engine = PeerApi.wasm_engine_new();
    private readonly nint _component;
    private readonly nint _linker;
    private readonly GCHandle _calls;

    public Peer(string text, Calls? calls)
    {
        _calls = GCHandle.Alloc(calls);
        var binary = WasmEngine.FromText(Encoding.UTF8.GetBytes(text));
        nint component;
        fixed (byte* bytes = binary)
        {
            Check(PeerApi.wasmtime_component_new(_engine, bytes, (nuint)binary.Length, &component));
        }

        _component = component;
        _linker = PeerApi.wasmtime_component_linker_new(_engine);
        if (calls is not null)
        {
            Define();
        }
    }

    /// <summary>A store with an instance in it.</summary>
    public PeerRun Start()
    {
        var store = PeerApi.wasmtime_store_new(_engine, 0, 0);
        PeerInstance instance;
        Check(PeerApi.wasmtime_component_linker_instantiate(_linker, PeerApi.wasmtime_store_context(store), _component, &instance));
        return new PeerRun(_component, store, instance);
    }

    public static void Check(nint error)
    {
        if (error != 0)
        {
            PeerVector text;
            PeerApi.wasmtime_error_message(error, &text);
            throw new InvalidOperationException(Encoding.UTF8.GetString((byte*)text.Data, (int)text.Length));
        }
    }

    private void Define()
    {
        var root = PeerApi.wasmtime_component_linker_root(_linker);
        nint instance;
        fixed (byte* name = "bench:host/calls@0.1.0"u8)
        {
            Check(PeerApi.wasmtime_component_linker_instance_add_instance(root, name, 22, &instance));
        }

        fixed (byte* name = "counter"u8)
        {
            Check(PeerApi.wasmtime_component_linker_instance_add_resource(
                instance, name, 7, PeerApi.wasmtime_component_resource_type_new_host(CounterType), &Destroy, 0, 0));
        }

        var data = GCHandle.ToIntPtr(_calls);
        Add(instance, "nothing"u8, &Nothing, data);
        Add(instance, "text"u8, &Text, data);
        Add(instance, "bytes"u8, &Bytes, data);
        Add(instance, "open"u8, &Open, data);
        Add(instance, "[method]counter.add"u8, &AddMethod, GCHandle.ToIntPtr(GCHandle.Alloc(new CounterResource[] { new() })));
        PeerApi.wasmtime_component_linker_instance_delete(instance);
        PeerApi.wasmtime_component_linker_instance_delete(root);
    }

    private static void Add(
        nint instance,
        ReadOnlySpan<byte> name,
        delegate* unmanaged<nint, nint, nint, PeerValue*, nuint, PeerValue*, nuint, nint> callback,
        nint data)
    {
        fixed (byte* pointer = name)
        {
            Check(PeerApi.wasmtime_component_linker_instance_add_func(instance, pointer, (nuint)name.Length, callback, data, 0));
        }
    }

    [UnmanagedCallersOnly]
    private static nint Nothing(nint env, nint context, nint type, PeerValue* args, nuint count, PeerValue* results, nuint resultCount)
    {
        ((Calls)GCHandle.FromIntPtr(env).Target!).Nothing();
        return 0;
    }

    [UnmanagedCallersOnly]
    private static nint Text(nint env, nint context, nint type, PeerValue* args, nuint count, PeerValue* results, nuint resultCount)
    {
        var bytes = new ReadOnlySpan<byte>((void*)args[0].Vector.Data, (int)args[0].Vector.Length);
        // What the peer hands over is checked already; checking it again would charge it twice.
        ((Calls)GCHandle.FromIntPtr(env).Target!).Nothing();
        return bytes.Length == 32 ? 0 : throw new InvalidOperationException("32 bytes");
    }

    [UnmanagedCallersOnly]
    private static nint Bytes(nint env, nint context, nint type, PeerValue* args, nuint count, PeerValue* results, nuint resultCount)
    {
        var calls = (Calls)GCHandle.FromIntPtr(env).Target!;
        var values = new ReadOnlySpan<PeerValue>((void*)args[0].Vector.Data, (int)args[0].Vector.Length);
        for (var i = 0; i < values.Length; i++)
        {
            calls.Buffer[i] = (byte)values[i].U32;
        }

        return 0;
    }

    [UnmanagedCallersOnly]
    private static nint Open(nint env, nint context, nint type, PeerValue* args, nuint count, PeerValue* results, nuint resultCount)
    {
        var host = PeerApi.wasmtime_component_resource_host_new(true, 0, CounterType);
        nint any;
        var error = PeerApi.wasmtime_component_resource_host_to_any(context, host, &any);
        PeerApi.wasmtime_component_resource_host_delete(host);
        results[0] = new PeerValue { Kind = PeerApi.Resource, Pointer = any };
        return error;
    }

    [UnmanagedCallersOnly]
    private static nint AddMethod(nint env, nint context, nint type, PeerValue* args, nuint count, PeerValue* results, nuint resultCount)
    {
        nint host;
        var error = PeerApi.wasmtime_component_resource_any_to_host(context, args[0].Pointer, &host);
        var rep = PeerApi.wasmtime_component_resource_host_rep(host);
        PeerApi.wasmtime_component_resource_host_delete(host);
        var counters = (CounterResource[])GCHandle.FromIntPtr(env).Target!;
        results[0] = new PeerValue { Kind = PeerApi.U32, U32 = counters[rep].Add(args[1].U32) };
        return error;
    }

    [UnmanagedCallersOnly]
    private static nint Destroy(nint env, nint context, uint rep) => 0;
}

/// <summary>An instance of the peer's.</summary>
internal sealed unsafe class PeerRun(nint component, nint store, PeerInstance instance) : IDisposable
{
    private PeerInstance _instance = instance;

    public void Call(ReadOnlySpan<byte> name, uint argument)
    {
        var context = PeerApi.wasmtime_store_context(store);
        PeerFunction function;
        fixed (byte* pointer = name)
        fixed (PeerInstance* self = &_instance)
        {
            var export = PeerApi.wasmtime_component_get_export_index(component, 0, pointer, (nuint)name.Length);
            if (PeerApi.wasmtime_component_instance_get_func(self, context, export, &function) == 0)
            {
                throw new InvalidOperationException(Encoding.UTF8.GetString(name));
            }
        }

        var value = new PeerValue { Kind = PeerApi.U32, U32 = argument };
        Peer.Check(PeerApi.wasmtime_component_func_call(&function, context, &value, 1, null, 0));
    }

    public void Dispose() => PeerApi.wasmtime_store_delete(store);
}
