using Skiff.Components.Binary;
using Skiff.Components.Types;

namespace Skiff.Components.Linking;

/// <summary>A core function of the host's that the component's core modules import.</summary>
public abstract class Trampoline : CoreItem
{
    private protected Trampoline(StaticInstance instance) => Instance = instance;

    /// <summary>Place in <see cref="LinkPlan.Trampolines"/>; -1 if no core instance imports it and no lift names it.</summary>
    public int Index { get; internal set; } = -1;

    /// <summary>The component instance that calls.</summary>
    public StaticInstance Instance { get; }

    public override CoreExternType? Type => FunctionType;

    public abstract CoreFunctionType? FunctionType { get; }
}

/// <summary><c>canon lower</c> of a function of the host.</summary>
public sealed class LowerImport : Trampoline
{
    internal LowerImport(StaticInstance instance, ImportedFunction function, CanonOptions options)
        : base(instance) => (Function, Options, FunctionType) = (function, options, CoreSignature.OfLower(function.Type));

    public ImportedFunction Function { get; }

    public CanonOptions Options { get; }

    public override CoreFunctionType FunctionType { get; }
}

/// <summary><c>canon lower</c> of another guest's function.</summary>
public sealed class LowerLifted : Trampoline
{
    internal LowerLifted(StaticInstance instance, LiftedFunction function, CanonOptions options)
        : base(instance) => (Function, Options, FunctionType) = (function, options, CoreSignature.OfLower(function.Type));

    public LiftedFunction Function { get; }

    public CanonOptions Options { get; }

    public override CoreFunctionType FunctionType { get; }
}

/// <summary><c>canon resource.new</c>: representation -> handle.</summary>
public sealed class ResourceNew : Trampoline
{
    internal ResourceNew(StaticInstance instance, GuestResourceType resource)
        : base(instance) => Resource = resource;

    /// <summary>Defined by <see cref="Trampoline.Instance"/>.</summary>
    public GuestResourceType Resource { get; }

    public override CoreFunctionType FunctionType => CoreSignature.I32ToI32;
}

/// <summary><c>canon resource.rep</c>: handle -> representation.</summary>
public sealed class ResourceRep : Trampoline
{
    internal ResourceRep(StaticInstance instance, GuestResourceType resource)
        : base(instance) => Resource = resource;

    /// <summary>Defined by <see cref="Trampoline.Instance"/>.</summary>
    public GuestResourceType Resource { get; }

    public override CoreFunctionType FunctionType => CoreSignature.I32ToI32;
}

/// <summary><c>canon resource.drop</c>: handle -> nothing.</summary>
public sealed class ResourceDrop : Trampoline
{
    internal ResourceDrop(StaticInstance instance, ResourceType resource)
        : base(instance) => Resource = resource;

    /// <summary>A <see cref="GuestResourceType"/> or an <see cref="ImportedResourceType"/>; of a <see cref="LoweredModule"/>, the host's own.</summary>
    public ResourceType Resource { get; }

    public override CoreFunctionType FunctionType => CoreSignature.I32ToNothing;
}

/// <summary>
/// Calls a core export with the same arguments. Stands where wit-component's shim stood: for a function of a core instance that is
/// made after the one that imports it. A call before that one is made must trap, as an empty slot of the shim's table does.
/// </summary>
public sealed class Forward : Trampoline
{
    internal Forward(StaticInstance instance, CoreExport target)
        : base(instance) => Target = target;

    /// <summary>A function whose type holds only numbers.</summary>
    public CoreExport Target { get; }

    public override CoreFunctionType FunctionType => (CoreFunctionType)Target.Type;
}

/// <summary>A canonical built-in that only asynchronous components (WASI 0.3) use. A call traps with <see cref="Message"/>.</summary>
public sealed class UnsupportedBuiltin : Trampoline
{
    internal UnsupportedBuiltin(StaticInstance instance, string name)
        : base(instance) => Name = name;

    /// <summary>As the specification writes it, e.g. <c>task.return</c>.</summary>
    public string Name { get; }

    public string Message => $"the component calls '{Name}', an asynchronous part of the component model (WASI 0.3) that this version does not run";

    /// <summary>What the first module that imports it says; null if none does.</summary>
    public override CoreFunctionType? FunctionType => ImportedAs;

    internal CoreFunctionType? ImportedAs { get; set; }
}
