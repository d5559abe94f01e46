using Skiff.Engine;

namespace Skiff.Wasi;

/// <summary>WASI for one guest: bound once to its imports, then given its state.</summary>
public interface IWasi : IDisposable
{
    /// <summary>What the guest handed to Preview 1's <c>proc_exit</c>, 0 to 255; null if it did not call it.</summary>
    int? ExitCode { get; }

    /// <summary>Binds the imports of a core module (Preview 1).</summary>
    void Link(ModuleLinker linker);

    /// <summary>Binds the imports of a component (Preview 2).</summary>
    void Link(ComponentLinker linker);

    /// <summary>Gives the guest in <paramref name="store"/> what it is granted. Once.</summary>
    /// <exception cref="EngineException">A directory cannot be opened, or a text is not UTF-8.</exception>
    void Attach(WasmStore store);
}
