using Skiff.Components.Abi;
using Skiff.Engine;

namespace Skiff.Components.Runtime;

/// <summary>
/// The lowered function of another guest (CanonicalABI.md, <c>canon_lower</c> of a <c>canon_lift</c>): passes the parameters from memory
/// to memory, calls, and passes the result back.
/// </summary>
internal sealed class GuestTrampoline(
    FunctionType type, int caller, CanonicalOptions callerOptions, int callee, CanonicalOptions calleeOptions, int target, int[]? entered)
{
    private readonly int _resultSlot = type.ParametersAreSpilled ? 1 : type.ParameterTuple.Flat.Length;
    private readonly bool _hasHandles = type.ParameterTuple.HasHandles || type.Result is { HasHandles: true };

    public void Invoke(ref HostCall call)
    {
        var instance = ComponentInstance.Of(ref call);
        Span<RawValue> values = stackalloc RawValue[FunctionType.FlatParametersMax];
        var begun = Begin(instance, ref call, values);
        instance.Run(target, values);
        End(instance, ref call, values, begun);
    }

    /// <summary>As <see cref="Invoke"/>, of a function that may come to wait.</summary>
    public void InvokeWaiting(ref HostCall call)
    {
        var instance = ComponentInstance.Of(ref call);
        Span<RawValue> values = stackalloc RawValue[FunctionType.FlatParametersMax];
        var begun = Begin(instance, ref call, values);
        call.Call(instance.CoreFunction(target), values, (this, begun), Returned);
    }

    private static void Returned(ref HostCall call, scoped Span<RawValue> results, (GuestTrampoline Self, Begun Begun) state) =>
        state.Self.End(ComponentInstance.Of(ref call), ref call, results, state.Begun);

    private Begun Begin(ComponentInstance instance, ref HostCall call, scoped Span<RawValue> values)
    {
        var from = instance.Leaving(caller);
        instance.Enter(entered);
        var to = instance.StateOf(callee);
        var scope = _hasHandles ? new CallScope() : CallScope.WithoutHandles;
        var address = type.ResultIsSpilled ? call.U32(_resultSlot) : 0;
        new Transfer(instance, from, callerOptions, to, calleeOptions, scope).Parameters(type, call.Values, values);
        return new Begun(from, to, scope, address);
    }

    private void End(ComponentInstance instance, ref HostCall call, scoped Span<RawValue> values, in Begun begun)
    {
        begun.Scope.CheckBorrows();
        new Transfer(instance, begun.To, calleeOptions, begun.From, callerOptions, begun.Scope).Result(type, values, begun.Address, call.Values);
        instance.PostReturn(begun.To, calleeOptions, values);
        begun.Scope.EndLends();
        instance.Leave(entered);
    }

    // What the second half of a call needs of the first.
    private readonly record struct Begun(InstanceState From, InstanceState To, CallScope Scope, uint Address);
}
