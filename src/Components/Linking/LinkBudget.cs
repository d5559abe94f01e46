namespace Skiff.Components.Linking;

/// <summary>
/// Bounds of what a component may make the linker do. A few hundred bytes can ask for any number of instances (a component that
/// instantiates another twice, which does the same, …), so it is the work that is counted, not the file.
/// </summary>
internal sealed class LinkBudget
{
    /// <summary>Definitions evaluated, members of types made or compared, exports copied. Large real components take some 5,000.</summary>
    public const int StepsMax = 300_000;

    /// <summary>What an instance or the body of an instance type costs beside its definitions.</summary>
    public const int StepsOfScope = 10;

    /// <summary>Component instances, and core instances.</summary>
    public const int InstancesMax = 10_000;

    /// <summary>Instances, types and exports nest at most as deep as this: they are walked by recursion.</summary>
    public const int DepthMax = 100;

    private long _steps;

    private int _depth;

    /// <exception cref="ComponentException">The component asks for too much.</exception>
    public void Charge(int offset, int steps = 1)
    {
        _steps += steps;
        if (_steps > StepsMax)
        {
            throw new ComponentException(offset, $"the component is too large when all its instances and types are written out: more than {StepsMax} steps to link");
        }
    }

    /// <summary>One level down; <see cref="Leave"/> must follow, unless an exception ends the linking.</summary>
    public void Enter(int offset)
    {
        Charge(offset, StepsOfScope);
        if (++_depth > DepthMax)
        {
            throw new ComponentException(offset, $"instances or types are nested more than {DepthMax} deep");
        }
    }

    public void Leave() => _depth--;
}
