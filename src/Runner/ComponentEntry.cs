using Skiff.Components.Abi;
using Skiff.Components.Runtime;
using Skiff.Components.Types;
using Skiff.Components.Wave;
using Skiff.Engine;

namespace Skiff.Runner;

/// <summary>Enters a component by one of its exports.</summary>
internal sealed class ComponentEntry(ComponentInstance instance, GuestKind kind, ComponentValue[] arguments, Action<string> print) : IEntry
{
    // wasi:cli/run: the error side says only that it failed.
    private const int Failed = 1;

    public WasmStore Store => instance.Store;

    public (CallEnd? End, int Code) Enter()
    {
        if (instance.Instantiate() is { } early)
        {
            return (early, 0);
        }

        var function = instance.FindFunction(kind.Entry is [var name, _] ? name : null, kind.Entry[^1])!;
        var outcome = function.Call(arguments);
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
}
