using Skiff.Components.Abi;
using Skiff.Components.Linking;
using Skiff.Components.Runtime;
using Skiff.Components.Types;
using Skiff.Components.Wave;
using Skiff.Engine;

namespace Skiff.Runner;

/// <summary>Enters a component by one of its exports.</summary>
internal sealed class ComponentEntry(
    ComponentInstance instance, LiftedFunction lifted, GuestKind kind, ComponentValue[] arguments, Action<string> print) : IEntry
{
    // wasi:cli/run: the error side says only that it failed.
    private const int Failed = 1;

    public WasmStore Store => instance.Store;

    public async ValueTask<(CallEnd? End, int Code)> EnterAsync()
    {
        if (await instance.InstantiateAsync().ConfigureAwait(false) is { } early)
        {
            return (early, 0);
        }

        var function = instance.Function(lifted);
        var outcome = instance.Linked.Fibers
            ? await function.CallAsync(arguments).ConfigureAwait(false)
            : function.Call(arguments);
        if (outcome.End is not null || outcome.Value is not { } value)
        {
            return (outcome.End, 0);
        }

        if (kind.Form == GuestForm.Function)
        {
            print(WaveWriter.Write(value, function.Type.Result!));
        }

        return (null, function.Type.Result is VariantType { Form: VariantForm.Result } && value.Case != 0 ? Failed : 0);
    }

    public void Dispose() => instance.Dispose();
}
