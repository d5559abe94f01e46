using Skiff.Engine.Native;

namespace Skiff.Engine;

/// <summary>What a component's imports are bound to.</summary>
public sealed unsafe class ComponentLinker : IDisposable
{
    private readonly ComponentLinkerHandle _handle;

    public ComponentLinker(WasmEngine engine) =>
        _handle = new ComponentLinkerHandle(ComponentApi.wasmtime_component_linker_new(engine.Handle));

    /// <summary>Binds the engine's own WASI Preview 2, the synchronous one: the asynchronous one aborts the process.</summary>
    public void DefineBuiltInWasi() => EngineException.ThrowIfError(ComponentApi.wasmtime_component_linker_add_wasip2(_handle));

    /// <summary>Makes an instance. This may run guest code (start functions of the component's modules).</summary>
    /// <param name="end">How the guest ended, or what the engine could not bind.</param>
    /// <returns>Null exactly when <paramref name="end"/> is not.</returns>
    public ComponentInstance? Instantiate(WasmStore store, CompiledComponent component, out CallEnd? end)
    {
        wasmtime_component_instance_t instance;
        var error = ComponentApi.wasmtime_component_linker_instantiate(_handle, store.Context, component.Handle, &instance);
        end = error != 0 ? CallEnd.FromError(error) : null;
        return end is null ? new ComponentInstance(store, component, instance) : null;
    }

    public void Dispose() => _handle.Dispose();
}

/// <summary>An instance of a component. Lives as long as its store; dead after a trap.</summary>
public sealed unsafe class ComponentInstance
{
    private readonly WasmStore _store;
    private readonly CompiledComponent _component;
    private wasmtime_component_instance_t _instance;

    internal ComponentInstance(WasmStore store, CompiledComponent component, wasmtime_component_instance_t instance) =>
        (_store, _component, _instance) = (store, component, instance);

    /// <summary>Calls an exported function without parameters.</summary>
    /// <param name="path">Its name, or the names of the exported instances around it and then its name.</param>
    /// <param name="result">What it returned; the kind <see cref="ComponentResult.None"/> if nothing.</param>
    /// <returns>Null when it returned.</returns>
    /// <exception cref="EngineException">There is no such function.</exception>
    public CallEnd? Call(ReadOnlySpan<string> path, out ComponentResult result)
    {
        result = ComponentResult.None;
        var index = _component.FindIndex(path);
        wasmtime_component_func_t function;
        fixed (wasmtime_component_instance_t* instance = &_instance)
        {
            var found = index != 0
                && ComponentApi.wasmtime_component_instance_get_func(instance, _store.Context, index, &function) != 0;
            if (index != 0)
            {
                ComponentApi.wasmtime_component_export_index_delete(index);
            }

            if (!found)
            {
                throw new EngineException($"the component has no function {string.Join('#', path)}");
            }
        }

        wasmtime_component_val_t value = default;
        var count = ResultCount(&function);
        var error = ComponentApi.wasmtime_component_func_call(&function, _store.Context, null, 0, &value, count);
        if (error != 0)
        {
            return CallEnd.FromError(error);
        }

        if (count != 0)
        {
            result = ComponentResult.Take(&value);
        }

        return null;
    }

    private nuint ResultCount(wasmtime_component_func_t* function)
    {
        var type = ComponentApi.wasmtime_component_func_type(function, _store.Context);
        wasmtime_component_valtype_t value;
        var has = ComponentTypeApi.wasmtime_component_func_type_result(type, &value) != 0;
        if (has)
        {
            ComponentTypeApi.wasmtime_component_valtype_delete(&value);
        }

        ComponentTypeApi.wasmtime_component_func_type_delete(type);
        return has ? 1u : 0u;
    }
}
