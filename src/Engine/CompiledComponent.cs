using System.Text;
using Skiff.Engine.Native;

namespace Skiff.Engine;

/// <summary>A component, compiled and mapped.</summary>
public sealed unsafe class CompiledComponent : IDisposable
{
    private readonly WasmEngine _engine;
    private IReadOnlyList<ComponentItem>? _imports;
    private IReadOnlyList<ComponentItem>? _exports;

    private CompiledComponent(WasmEngine engine, nint component)
    {
        _engine = engine;
        Handle = new ComponentHandle(component);
    }

    public IReadOnlyList<ComponentItem> Imports => _imports ??= ComponentTypes.Read(_engine.Handle, Handle, imports: true);

    public IReadOnlyList<ComponentItem> Exports => _exports ??= ComponentTypes.Read(_engine.Handle, Handle, imports: false);

    internal ComponentHandle Handle { get; }

    /// <summary>Maps code that <see cref="WasmEngine.Compile"/> made. Never for a file that an image brought: it is native code.</summary>
    /// <exception cref="EngineException">The file is damaged or made by another engine, other settings or for another processor.</exception>
    public static CompiledComponent Map(WasmEngine engine, string path)
    {
        nint component;
        fixed (byte* name = WasmEngine.ZeroTerminated(path))
        {
            EngineException.ThrowIfError(ComponentApi.wasmtime_component_deserialize_file(engine.Handle, name, &component));
        }

        return new CompiledComponent(engine, component);
    }

    /// <summary>As <see cref="Map"/>, from memory: the code is copied.</summary>
    public static CompiledComponent Load(WasmEngine engine, ReadOnlySpan<byte> code)
    {
        nint component;
        fixed (byte* bytes = code)
        {
            EngineException.ThrowIfError(
                ComponentApi.wasmtime_component_deserialize(engine.Handle, bytes, (nuint)code.Length, &component));
        }

        return new CompiledComponent(engine, component);
    }

    public void Dispose() => Handle.Dispose();

    /// <summary>Where a function lies: its name, or the path of names through exported instances. Null if it is not there.</summary>
    internal nint FindIndex(ReadOnlySpan<string> path)
    {
        nint index = 0;
        foreach (var name in path)
        {
            var utf8 = Encoding.UTF8.GetBytes(name);
            nint next;
            fixed (byte* bytes = utf8)
            {
                next = ComponentApi.wasmtime_component_get_export_index(Handle, index, bytes, (nuint)utf8.Length);
            }

            if (index != 0)
            {
                ComponentApi.wasmtime_component_export_index_delete(index);
            }

            index = next;
            if (index == 0)
            {
                return 0;
            }
        }

        return index;
    }
}
