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
        var from = instance.Leaving(caller);
        instance.Enter(entered);
        var to = instance.StateOf(callee);
        var scope = _hasHandles ? new CallScope() : CallScope.WithoutHandles;
        var address = type.ResultIsSpilled ? call.U32(_resultSlot) : 0;
        Span<RawValue> values = stackalloc RawValue[FunctionType.FlatParametersMax];
        new Transfer(instance, from, callerOptions, to, calleeOptions, scope).Parameters(type, call.Values, values);
        instance.Run(target, values);
        scope.CheckBorrows();
        new Transfer(instance, to, calleeOptions, from, callerOptions, scope).Result(type, values, address, call.Values);
        instance.PostReturn(to, calleeOptions, values);
        scope.EndLends();
        instance.Leave(entered);
    }
}
