using Skiff.Components.Abi;
using Skiff.Components.Host;
using Skiff.Engine;

namespace Skiff.Components.Runtime;

/// <summary>A host function as one import of one component instance: everything about it that no call changes.</summary>
internal sealed class HostTrampoline
{
    // What each call needs, nearest.
    private HostBinding? _binding;

    public required HostFunctionDefinition Function { get; init; }

    /// <summary>As the guest declares it; the host's has been found equal.</summary>
    public required FunctionType Type { get; init; }

    /// <summary>Which interface of the host, for its implementation.</summary>
    public required int Interface { get; init; }

    /// <summary>The component instance that imports it.</summary>
    public required int Instance { get; init; }

    public required CanonicalOptions Options { get; init; }

    /// <summary>The flat parameter that is the address of a spilled result.</summary>
    public int ResultSlot { get; private init; }

    public static HostTrampoline Create(
        HostFunctionDefinition function, FunctionType type, int hostInterface, int instance, CanonicalOptions options) => new()
        {
            Function = function,
            Type = type,
            Interface = hostInterface,
            Instance = instance,
            Options = options,
            _binding = function.Binding,
            ResultSlot = type.ParametersAreSpilled ? 1 : type.ParameterTuple.Flat.Length,
        };

    /// <summary>The core function of a generated binding.</summary>
    public void Invoke(ref HostCall engine)
    {
        var instance = ComponentInstance.Of(ref engine);
        instance.CheckLeaving(Instance);
        var call = new ComponentCall(instance, this, engine.Values);
        _binding!(ref call);
        call.Pending?.Await(ref engine);
    }

    /// <summary>The core function of a <see cref="DynamicFunction"/>.</summary>
    public void InvokeDynamic(ref HostCall engine)
    {
        var instance = ComponentInstance.Of(ref engine);
        var caller = instance.Leaving(Instance);
        var scope = new CallScope();
        var arguments = new Lifter(instance, caller, Options, scope).Parameters(Type, engine.Values);
        engine.Await(Function.Dynamic!(instance, arguments), (this, caller, scope), static (ref engine, result, state) =>
        {
            var (self, caller, scope) = state;
            var address = self.Type.ResultIsSpilled ? engine.U32(self.ResultSlot) : 0;
            scope.EndLends();
            new Lowerer(ComponentInstance.Of(ref engine), caller, self.Options, scope).Result(self.Type, result, address, engine.Values);
        });
    }
}
