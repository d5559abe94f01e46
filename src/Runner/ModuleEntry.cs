using Skiff.Engine;

namespace Skiff.Runner;

/// <summary>Enters a core module by one of its exports.</summary>
internal sealed class ModuleEntry(LinkedModule linked, GuestKind kind, WasmValue[] arguments, Action<string> print) : IEntry
{
    public (CallEnd? End, int Code) Enter(WasmStore store)
    {
        var instance = linked.Instantiate(store, out var end);
        if (instance is null)
        {
            return (end, 0);
        }

        if (kind.Form == GuestForm.Function
            && instance.FindFunction(GuestKind.Initialize) is { } initialize
            && initialize.Call([], []) is { } early)
        {
            return (early, 0);
        }

        var name = kind.Entry[^1];
        var results = new WasmValue[linked.Module.FindExport(name)!.Function!.Results.Count];
        end = instance.FindFunction(name)!.Call(arguments, results);
        if (end is null)
        {
            foreach (var result in results)
            {
                print(result.ToString());
            }
        }

        return (end, 0);
    }
}
