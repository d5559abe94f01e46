using Skiff.Components.Abi;
using Skiff.Components.Host;
using Skiff.Engine;

namespace Skiff.Components.Runtime;

/// <summary>A host function as one import of one component instance: everything about it that no call changes.</summary>
/// <param name="type">As the guest declares it; the host's has been found equal.</param>
/// <param name="hostInterface">Which interface of the host, for its implementation.</param>
/// <param name="instance">The component instance that imports it.</param>
internal abstract class HostTrampoline(FunctionType type, int hostInterface, int instance, CanonicalOptions options)
{
    public FunctionType Type => type;

    public int Interface { get; } = hostInterface;

    public int Instance { get; } = instance;

    public CanonicalOptions Options { get; } = options;

    /// <summary>The flat parameter that is the address of a spilled result.</summary>
    public int ResultSlot { get; } = type.ParametersAreSpilled ? 1 : type.ParameterTuple.Flat.Length;

    /// <summary>The core function.</summary>
    public abstract void Invoke(ref HostCall engine);
}

/// <inheritdoc/>
internal sealed class BoundTrampoline<TBinding>(FunctionType type, int hostInterface, int instance, CanonicalOptions options)
    : HostTrampoline(type, hostInterface, instance, options)
    where TBinding : struct, IHostBinding
{
    public override void Invoke(ref HostCall engine)
    {
        var guest = ComponentInstance.Of(ref engine);
        guest.CheckLeaving(Instance);
        var call = new ComponentCall(guest, this, engine.Values);
        TBinding.Call(ref call);
        call.Pending?.Await(ref engine);
    }
}

/// <inheritdoc/>
internal sealed class DynamicTrampoline(
    DynamicFunction function, FunctionType type, int hostInterface, int instance, CanonicalOptions options)
    : HostTrampoline(type, hostInterface, instance, options)
{
    public override void Invoke(ref HostCall engine)
    {
        var guest = ComponentInstance.Of(ref engine);
        var caller = guest.Leaving(Instance);
        var scope = new CallScope();
        var arguments = new Lifter(guest, caller, Options, scope).Parameters(Type, engine.Values);
        engine.Await(function(guest, arguments), (this, caller, scope), static (ref engine, result, state) =>
        {
            var (self, caller, scope) = state;
            var address = self.Type.ResultIsSpilled ? engine.U32(self.ResultSlot) : 0;
            scope.EndLends();
            new Lowerer(ComponentInstance.Of(ref engine), caller, self.Options, scope).Result(self.Type, result, address, engine.Values);
        });
    }
}
