using Skiff.Engine;

namespace Skiff.Runner;

/// <summary>Instantiates a module; null where that ended the guest.</summary>
internal delegate ModuleInstance? ModuleMaker(out CallEnd? end);

/// <summary>Enters a core module by one of its exports.</summary>
internal sealed class ModuleEntry(WasmStore store, ModuleMaker make, GuestKind kind, WasmValue[] arguments, Action<string> print) : IEntry
{
    public WasmStore Store => store;

    public (CallEnd? End, int Code) Enter()
    {
        // For the guest's own clocks of CPU time: a command begins to run once.
        store.MeasureCpu();
        var instance = make(out var end);
        if (instance is null)
        {
            return (end, 0);
        }

        if (kind.Form == GuestForm.Function
            && instance.FindFunction(GuestKind.Initialize) is { } initialize
            && initialize.Type.Matches(FunctionType.Empty)
            && initialize.Call([]) is { } early)
        {
            return (early, 0);
        }

        var function = instance.FindFunction(kind.Entry[^1])!;
        var results = function.Type.Results;
        var values = new RawValue[Math.Max(arguments.Length, results.Count)];
        for (var i = 0; i < arguments.Length; i++)
        {
            values[i] = arguments[i].Raw;
        }

        end = function.Call(values);
        for (var i = 0; end is null && i < results.Count; i++)
        {
            print(WasmValue.From(results[i], values[i]).ToString());
        }

        return (end, 0);
    }
}
