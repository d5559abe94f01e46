using Skiff.Components.Abi;
using Skiff.Components.Runtime;

namespace Skiff.Components.Host;

/// <summary>
/// Lifts the parameters of one call, calls the C# function, lowers its result. Generated from WIT; runs on the guest's stack
/// (see <see cref="Engine.HostFunction"/>). A type, and not a delegate, so that each has a trampoline compiled around it.
/// </summary>
public interface IHostBinding
{
    static abstract void Call(ref ComponentCall call);
}

/// <summary>The second half of a binding that waited: lowers what came of it.</summary>
public delegate void HostResult<in T>(ref ComponentCall call, T result);

/// <summary>A host function over interpreted values: for tests and for interfaces that nobody generated code for.</summary>
/// <returns>Null for a function without result. A guest on a fiber is suspended until it is there.</returns>
public delegate ValueTask<ComponentValue?> DynamicFunction(ComponentInstance instance, ComponentValue[] arguments);

/// <summary>One function of a <see cref="HostInterface"/>.</summary>
public sealed class HostFunctionDefinition
{
    private readonly TrampolineFactory _trampoline;

    /// <param name="type">Null to accept whatever type the guest declares.</param>
    /// <param name="suspends">Whether it may wait. Without, its task must be done when it returns, or the guest's thread waits.</param>
    public HostFunctionDefinition(string name, FunctionType? type, DynamicFunction function, bool suspends)
        : this(name, type, suspends, (declared, hostInterface, instance, options) => new DynamicTrampoline(function, declared, hostInterface, instance, options))
    {
    }

    /// <summary>One that answers at once.</summary>
    /// <param name="type">Null to accept whatever type the guest declares.</param>
    public HostFunctionDefinition(string name, FunctionType? type, Func<ComponentInstance, ComponentValue[], ComponentValue?> function)
        : this(name, type, (instance, arguments) => new ValueTask<ComponentValue?>(function(instance, arguments)), suspends: false)
    {
    }

    private HostFunctionDefinition(string name, FunctionType? type, bool suspends, TrampolineFactory trampoline) =>
        (Name, Type, Suspends, _trampoline) = (name, type, suspends, trampoline);

    private delegate HostTrampoline TrampolineFactory(FunctionType declared, int hostInterface, int instance, CanonicalOptions options);

    public string Name { get; }

    public FunctionType? Type { get; }

    public bool Suspends { get; }

    /// <param name="name">As the guest imports it, e.g. <c>[method]output-stream.check-write</c>.</param>
    /// <param name="suspends">Whether it may call <see cref="ComponentCall.Await{T}"/>.</param>
    public static HostFunctionDefinition Of<TBinding>(string name, FunctionType type, bool suspends = false)
        where TBinding : struct, IHostBinding => new(
            name,
            type,
            suspends,
            static (declared, hostInterface, instance, options) => new BoundTrampoline<TBinding>(declared, hostInterface, instance, options));

    internal HostTrampoline Trampoline(FunctionType declared, int hostInterface, int instance, CanonicalOptions options) =>
        _trampoline(declared, hostInterface, instance, options);
}
