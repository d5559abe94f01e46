using Skiff.Components.Linking;
using Skiff.Components.Types;
using Skiff.Engine;

namespace Skiff.Components.Runtime;

/// <summary><c>resource.new</c>, <c>resource.rep</c> and <c>resource.drop</c> of one component instance (CanonicalABI.md, "canon resource.*").</summary>
/// <param name="resource">The host's type where the host has one.</param>
/// <param name="owner">Index of the component instance.</param>
internal sealed class ResourceTrampoline(ResourceType resource, int owner)
{
    public void New(ref HostCall call)
    {
        var state = ComponentInstance.Of(ref call).Leaving(owner);
        call.Return(state.Handles.Add(resource, HandleKind.Own, null, call.U32(0), null));
    }

    // Allowed at all times: it only looks.
    public void Rep(ref HostCall call) =>
        call.Return(ComponentInstance.Of(ref call).StateOf(owner).Handles.Get(call.U32(0), resource).Number);

    public void Drop(ref HostCall call)
    {
        var instance = ComponentInstance.Of(ref call);
        var state = instance.Leaving(owner);
        var entry = state.Handles.Drop(call.U32(0), resource);
        if (entry.Kind == HandleKind.Borrow)
        {
            entry.Scope!.Borrows--;
        }
        else
        {
            instance.Destroy(resource, entry.Object, entry.Number, state);
        }
    }

    /// <summary>As <see cref="Drop"/>, of a resource whose destructor may come to wait.</summary>
    public void DropWaiting(ref HostCall call)
    {
        var instance = ComponentInstance.Of(ref call);
        var state = instance.Leaving(owner);
        var entry = state.Handles.Drop(call.U32(0), resource);
        if (entry.Kind == HandleKind.Borrow)
        {
            entry.Scope!.Borrows--;
        }
        else if (instance.FindDestructor(resource, entry.Object) is { } destructor)
        {
            Span<RawValue> values = [entry.Number];
            var entered = instance.EnterDestructor((GuestResourceType)resource, state);
            call.Call(instance.CoreFunction(destructor), values, entered, Destroyed);
        }
    }

    private static void Destroyed(ref HostCall call, scoped Span<RawValue> results, int[]? entered) =>
        ComponentInstance.Of(ref call).LeaveDestructor(entered);
}

/// <summary>Stands for an elided shim: the function of a core instance that is made later.</summary>
/// <param name="target">Slot of the function.</param>
internal sealed class ForwardTrampoline(int target)
{
    public void Invoke(ref HostCall call) => ComponentInstance.Of(ref call).Run(target, call.Values);

    /// <summary>As <see cref="Invoke"/>, of a function that may come to wait.</summary>
    public void InvokeWaiting(ref HostCall call) =>
        call.Call(ComponentInstance.Of(ref call).CoreFunction(target), call.Values, 0, Returned);

    private static void Returned(ref HostCall call, scoped Span<RawValue> results, int state) => results.CopyTo(call.Values);
}

/// <summary>A part of WASI 0.3: says so when it is called.</summary>
internal sealed class UnsupportedTrampoline(string message)
{
    public void Invoke(ref HostCall call) => throw new GuestTrapException(message);
}
