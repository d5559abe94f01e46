using Skiff.Engine;

namespace Skiff.Runner;

/// <summary>Enters a component by one of its exports.</summary>
internal sealed class ComponentEntry(ComponentLinker linker, CompiledComponent component, GuestKind kind, Action<string> print)
    : IEntry
{
    // wasi:cli/run: the error side says only that it failed.
    private const int Failed = 1;

    public (CallEnd? End, int Code) Enter(WasmStore store)
    {
        var instance = linker.Instantiate(store, component, out var end);
        if (instance is null)
        {
            return (end, 0);
        }

        end = instance.Call([.. kind.Entry], out var result);
        if (end is null && kind.Form == GuestForm.Function && result.Text is { } text)
        {
            print(text);
        }

        return (end, result.IsError ? Failed : 0);
    }
}
