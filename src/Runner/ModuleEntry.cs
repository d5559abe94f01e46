using Skiff.Engine;

namespace Skiff.Runner;

/// <summary>Enters a core module by one of its exports.</summary>
/// <param name="owner">What is disposed of with it.</param>
/// <param name="make">Instantiates the module.</param>
internal sealed class ModuleEntry(
    IDisposable owner, WasmStore store, Func<ValueTask<Instantiation>> make, bool fibers, GuestKind kind, WasmValue[] arguments, Action<string> print) : IEntry
{
    public WasmStore Store => store;

    public async ValueTask<(CallEnd? End, int Code)> EnterAsync()
    {
        // For the guest's own clocks of CPU time: a command begins to run once.
        store.MeasureCpu();
        var (instance, end) = await make().ConfigureAwait(false);
        if (instance is null)
        {
            return (end, 0);
        }

        if (kind.Form == GuestForm.Function
            && instance.FindFunction(GuestKind.Initialize) is { } initialize
            && initialize.Type.Matches(FunctionType.Empty)
            && await CallAsync(initialize, default).ConfigureAwait(false) is { } early)
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

        end = await CallAsync(function, values).ConfigureAwait(false);
        for (var i = 0; end is null && i < results.Count; i++)
        {
            print(WasmValue.From(results[i], values[i]).ToString());
        }

        return (end, 0);
    }

    public void Dispose() => owner.Dispose();

    private ValueTask<CallEnd?> CallAsync(GuestFunction function, Memory<RawValue> values) =>
        fibers ? function.CallAsync(values) : new ValueTask<CallEnd?>(function.Call(values.Span));
}
