namespace Skiff.Components.Linking;

/// <summary>A component-level function of a plan: a <see cref="LiftedFunction"/> or an <see cref="ImportedFunction"/>.</summary>
public abstract class PlannedFunction
{
    private protected PlannedFunction(FunctionType type) => Type = type;

    public FunctionType Type { get; }
}

/// <summary>A function of a guest: <c>canon lift</c>.</summary>
public sealed class LiftedFunction : PlannedFunction
{
    internal LiftedFunction(int index, StaticInstance instance, FunctionType type, CoreItem target, CanonOptions options)
        : base(type) => (Index, Instance, Target, Options) = (index, instance, target, options);

    /// <summary>Place in <see cref="LinkPlan.LiftedFunctions"/>.</summary>
    public int Index { get; }

    /// <summary>Whose handle table and flags a call uses.</summary>
    public StaticInstance Instance { get; }

    /// <summary>A core function whose type is the flattened <see cref="PlannedFunction.Type"/>; not checked for async lifts, which cannot be called.</summary>
    public CoreItem Target { get; internal set; }

    public CanonOptions Options { get; }
}

/// <summary>A function that the root imports and some component of the tree uses.</summary>
public sealed class ImportedFunction : PlannedFunction
{
    internal ImportedFunction(InterfaceName? interfaceName, string name, FunctionType type)
        : base(type) => (Interface, Name) = (interfaceName, name);

    /// <summary>Place in <see cref="LinkPlan.ImportedFunctions"/>; -1 if nobody uses the function.</summary>
    public int Index { get; internal set; } = -1;

    /// <summary>Null for a function that the root imports by itself.</summary>
    public InterfaceName? Interface { get; }

    /// <summary>E.g. <c>[method]output-stream.check-write</c>.</summary>
    public string Name { get; }

    public override string ToString() => Interface is { } name ? $"{name}#{Name}" : Name;
}
