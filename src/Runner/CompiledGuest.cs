using Skiff.Engine;
using Skiff.Guest;

namespace Skiff.Runner;

/// <summary>What compiling a module or component makes.</summary>
/// <param name="component">Of a component: itself, cut down (<see cref="Components.Binary.ComponentSkeleton"/>).</param>
public sealed class CompiledGuest(CodeKind kind, byte[] component) : IDisposable
{
    private readonly List<CompiledPart> _modules = [];

    public CodeKind Kind => kind;

    public ReadOnlySpan<byte> Component => component;

    /// <summary>The core modules in the order of the link plan; of a module, itself.</summary>
    public IReadOnlyList<CompiledPart> Modules => _modules;

    public void Dispose()
    {
        foreach (var module in _modules)
        {
            module.Code?.Dispose();
        }
    }

    internal static CompiledGuest OfModule(SerializedCode code)
    {
        var guest = new CompiledGuest(CodeKind.Module, []);
        guest.Add(new CompiledPart("", code));
        return guest;
    }

    internal void Add(CompiledPart module) => _modules.Add(module);
}

/// <summary>Machine code of a core module.</summary>
/// <param name="Digest">Of a component's module: SHA-256 of its bytes, lowercase hexadecimal.</param>
/// <param name="Code">Null if it is there already, in the cache or earlier in the component.</param>
public sealed record CompiledPart(string Digest, SerializedCode? Code);
