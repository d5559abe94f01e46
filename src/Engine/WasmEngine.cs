using System.Runtime.InteropServices;
using System.Text;
using System.Text.Unicode;
using Skiff.Engine.Native;

namespace Skiff.Engine;

/// <summary>
/// Wasmtime with Skiff's settings. One per process: code compiled by one is loaded by any other with the same
/// <see cref="Tag"/> on a processor with the same instructions.
/// </summary>
public sealed class WasmEngine : IDisposable
{
    /// <summary>
    /// Version of the engine and of the settings in <see cref="Configure"/>, for the name of the cache's folder. Raise the
    /// number after <c>s</c> with any change there that the engine does not notice by itself when it loads code.
    /// </summary>
    public const string Tag = "wasmtime-50.0.1-s2";

    /// <summary>As <see cref="Tag"/>, of engines with <see cref="WasmEngineOptions.Baseline"/>.</summary>
    public const string BaselineTag = Tag + "-baseline";

    /// <summary>
    /// Whether <see cref="WasmEngineOptions.Baseline"/> is to be used on this processor. Its makers support it on x86-64 alone as they do
    /// the optimising compiler; that of arm64 they still develop.
    /// </summary>
    public static bool HasBaseline => RuntimeInformation.ProcessArchitecture == Architecture.X64;

    /// <summary>
    /// Stack of a Wasm call chain when nobody asks for another, in bytes. Twice the engine's own: the thread that runs the
    /// guest is our main thread with 8 MiB anyway, and real programs (interpreters, parsers) recurse.
    /// </summary>
    public const int StackBytesDefault = 1 << 20;

    /// <summary>What a thread that runs Wasm needs beyond the Wasm stack, in bytes: host calls and signal handling run on it too.</summary>
    public const int StackBytesBeyond = 1 << 20;

    // A limit this small would trap in the start-up code of any language; one this large no thread can be made for.
    private const int StackBytesMin = 16 * 1024;
    private const int StackBytesMax = 1 << 30;

    // WASMTIME_STRATEGY_…
    private const byte Cranelift = 1;
    private const byte Winch = 2;

    // A guest on a fiber may be entered once more from one of its host functions, on another: as many as threads may run guests.
    private const uint StacksOfRunning = 128;

    private const ulong AddressesOfMemory = 1UL << 32;
    private const uint TablesPerModuleMax = 4;
    private const uint MemoriesPerModuleMax = 2;

    /// <exception cref="EngineException">The settings contradict each other or this machine.</exception>
    public WasmEngine(WasmEngineOptions? options = null)
    {
        Options = options ?? new WasmEngineOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(Options.StackBytes, StackBytesMin);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Options.StackBytes, StackBytesMax);
        var config = EngineApi.wasm_config_new();
        Configure(config, Options);
        var engine = EngineApi.wasm_engine_new_with_config(config);
        if (engine == 0)
        {
            throw new EngineException("the engine does not work on this processor with Skiff's settings");
        }

        Handle = new EngineHandle(engine);
        Ticker = new EpochTicker(this);
    }

    public WasmEngineOptions Options { get; }

    internal EpochTicker Ticker { get; }

    internal EngineHandle Handle { get; }

    /// <summary>Compiles a core module and returns its machine code, as <see cref="CompiledModule"/> loads it.</summary>
    /// <param name="wasm">The binary format.</param>
    /// <exception cref="EngineException">The bytes are not valid; the message tells what and where.</exception>
    public unsafe SerializedCode Compile(ReadOnlySpan<byte> wasm)
    {
        nint compiled;
        Vector code;
        fixed (byte* bytes = wasm)
        {
            EngineException.ThrowIfError(ModuleApi.wasmtime_module_new(Handle, bytes, (nuint)wasm.Length, &compiled));
        }

        using var handle = new CoreModuleHandle(compiled);
        EngineException.ThrowIfError(ModuleApi.wasmtime_module_serialize(handle, &code));
        return new SerializedCode(code);
    }

    /// <summary>Turns the text format (core module or component) into the binary format.</summary>
    /// <exception cref="EngineException">The text has an error; the message names line and column.</exception>
    public static unsafe byte[] FromText(ReadOnlySpan<byte> text)
    {
        if (!Utf8.IsValid(text))
        {
            throw new EngineException("the text is not UTF-8");
        }

        Vector wasm;
        fixed (byte* bytes = text)
        {
            EngineException.ThrowIfError(EngineApi.wasmtime_wat2wasm(bytes, (nuint)text.Length, &wasm));
        }

        var copy = wasm.Bytes.ToArray();
        EngineApi.wasm_byte_vec_delete(&wasm);
        return copy;
    }

    /// <summary>Lets every running guest ask what it is to do: stop, wait, or go on. Any thread.</summary>
    internal void Tick() => EngineApi.wasmtime_engine_increment_epoch(Handle);

    public void Dispose()
    {
        Ticker.Dispose();
        Handle.Dispose();
    }

    // The same for compiling and for running: most of these settings are part of the compiled code.
    private static void Configure(nint config, WasmEngineOptions options)
    {
        EngineApi.wasmtime_config_strategy_set(config, options.Baseline ? Winch : Cranelift);
        EngineApi.wasmtime_config_epoch_interruption_set(config, 1);
        EngineApi.wasmtime_config_memory_init_cow_set(config, 1);
        EngineApi.wasmtime_config_parallel_compilation_set(config, 1);
        EngineApi.wasmtime_config_max_wasm_stack_set(config, (nuint)options.StackBytes);
        EngineApi.wasmtime_config_async_stack_size_set(config, (nuint)(options.StackBytes + StackBytesBeyond));
        // The engine's own default. With all that 32 bits can address a memory needs no bounds checks, and never moves (SeenMemory).
        EngineApi.wasmtime_config_memory_reservation_set(config, AddressesOfMemory);
        // Several instances may share one, and no limit of a store holds for it.
        EngineApi.wasmtime_config_shared_memory_set(config, 0);
        if (JitStacks.AreNeeded)
        {
            JitStacks.Configure(config);
        }
        else if (options.Pool is { } pool)
        {
            ConfigurePool(config, pool);
        }
    }

    private static void ConfigurePool(nint config, PoolOptions options)
    {
        HeapApi.LimitArenas();
        var pool = EngineApi.wasmtime_pooling_allocation_config_new();
        var guests = (uint)options.Guests;
        var instances = checked(guests * (uint)options.InstancesPerGuest);
        EngineApi.wasmtime_pooling_allocation_config_total_stacks_set(pool, checked((guests * (uint)options.StacksPerGuest) + StacksOfRunning));
        EngineApi.wasmtime_pooling_allocation_config_total_core_instances_set(pool, instances);
        EngineApi.wasmtime_pooling_allocation_config_total_tables_set(pool, instances);
        EngineApi.wasmtime_pooling_allocation_config_max_tables_per_module_set(pool, TablesPerModuleMax);
        EngineApi.wasmtime_pooling_allocation_config_total_memories_set(pool, checked(guests * (uint)options.MemoriesPerGuest));
        EngineApi.wasmtime_pooling_allocation_config_max_memories_per_module_set(pool, MemoriesPerModuleMax);
        EngineApi.wasmtime_pooling_allocation_config_table_elements_set(pool, (nuint)options.TableElements);
        EngineApi.wasmtime_pooling_allocation_config_max_core_instance_size_set(pool, (nuint)options.InstanceBytes);
        EngineApi.wasmtime_pooling_allocation_config_linear_memory_keep_resident_set(pool, (nuint)options.KeepResidentBytes);
        EngineApi.wasmtime_pooling_allocation_config_decommit_batch_size_set(pool, (nuint)options.DecommitBatch);
        EngineApi.wasmtime_pooling_allocation_config_max_unused_warm_slots_set(pool, guests);
        EngineApi.wasmtime_pooling_allocation_strategy_set(config, pool);
        EngineApi.wasmtime_pooling_allocation_config_delete(pool);
    }

    // The engine takes paths and names as C strings.
    internal static byte[] ZeroTerminated(string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            throw new EngineException("a text with a zero character in it cannot be handed to the engine");
        }

        var bytes = new byte[Encoding.UTF8.GetByteCount(text) + 1];
        Encoding.UTF8.GetBytes(text, bytes);
        return bytes;
    }
}
