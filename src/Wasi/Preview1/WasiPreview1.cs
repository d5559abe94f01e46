using Skiff.Engine;

namespace Skiff.Wasi.Preview1;

/// <summary>One function of Preview 1 that answers at once.</summary>
internal delegate WasiErrno Preview1Function(ref HostCall call, Preview1State state);

/// <summary>One that may wait, and then gives its answer itself.</summary>
internal delegate void WaitingFunction(ref HostCall call, Preview1State state);

/// <summary>
/// WASI Preview 1 for core modules: all of <c>wasi_snapshot_preview1</c>, and <c>wasi_unstable</c>, which is the same but for
/// the layout of three records, the numbers of <c>whence</c> and the functions that came later.
/// </summary>
public static class WasiPreview1
{
    public const string Snapshot = "wasi_snapshot_preview1";

    public const string Unstable = "wasi_unstable";

    /// <summary>Binds both import modules. Thin: nothing is kept here, so one linker serves any number of guests.</summary>
    /// <param name="of">Finds the guest's state in the store's <see cref="WasmStore.State"/>.</param>
    public static void Define(ModuleLinker linker, Func<object, WasiState> of)
    {
        ArgumentNullException.ThrowIfNull(linker);
        ArgumentNullException.ThrowIfNull(of);
        foreach (var isUnstable in new[] { false, true })
        {
            var functions = new Preview1Definition(linker, isUnstable ? Unstable : Snapshot, of);
            ProcessFunctions.Define(functions);
            DescriptorFunctions.Define(functions, isUnstable);
            TransferFunctions.Define(functions);
            PathFunctions.Define(functions, isUnstable);
            PollFunctions.Define(functions, isUnstable);
            SocketFunctions.Define(functions, isUnstable);
        }
    }
}

/// <summary>Binds functions of one import module.</summary>
internal sealed class Preview1Definition(ModuleLinker linker, string module, Func<object, WasiState> of)
{
    /// <param name="parameters">A letter each: <c>i</c> for i32, <c>I</c> for i64. The result is the error number.</param>
    public void Add(string name, string parameters, Preview1Function function) =>
        linker.DefineFunction(module, name, Type(parameters, [ValueKind.I32]), (ref HostCall call) =>
        {
            WasiErrno error;
            try
            {
                error = function(ref call, State(ref call));
            }
            catch (GuestFaultException)
            {
                error = WasiErrno.Fault;
            }

            call.Return((int)error);
        });

    /// <inheritdoc cref="Add"/>
    public void AddWaiting(string name, string parameters, WaitingFunction function) =>
        linker.DefineFunction(
            module,
            name,
            Type(parameters, [ValueKind.I32]),
            (ref HostCall call) =>
            {
                try
                {
                    function(ref call, State(ref call));
                }
                catch (GuestFaultException)
                {
                    call.Return((int)WasiErrno.Fault);
                }
            },
            suspends: true);

    /// <summary>A function without result.</summary>
    public void AddEnding(string name, string parameters, Action<int> function) =>
        linker.DefineFunction(module, name, Type(parameters, []), (ref HostCall call) => function(call.I32(0)));

    private static FunctionType Type(string parameters, ValueKind[] results) =>
        new([.. parameters.Select(letter => letter == 'I' ? ValueKind.I64 : ValueKind.I32)], results);

    private Preview1State State(ref HostCall call) =>
        of(call.State ?? throw new InvalidOperationException("the store has no state")).Preview1;
}

/// <summary>How the functions read their calls.</summary>
internal static class Preview1Calls
{
    public static Preview1Memory Memory1(ref this HostCall call) => new(call.Memory());
}
