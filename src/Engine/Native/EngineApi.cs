using System.Runtime.InteropServices;

namespace Skiff.Engine.Native;

/// <summary>wasm.h, wasmtime/config.h, wasmtime/engine.h, wasmtime/error.h, wasmtime/trap.h, wasmtime/wat.h.</summary>
internal static unsafe partial class EngineApi
{
    public const string Library = "wasmtime";

    [LibraryImport(Library)]
    public static partial nint wasm_config_new();

    [LibraryImport(Library)]
    public static partial void wasmtime_config_epoch_interruption_set(nint config, byte enable);

    [LibraryImport(Library)]
    public static partial void wasmtime_config_max_wasm_stack_set(nint config, nuint bytes);

    [LibraryImport(Library)]
    public static partial void wasmtime_config_async_stack_size_set(nint config, nuint bytes);

    [LibraryImport(Library)]
    public static partial void wasmtime_config_parallel_compilation_set(nint config, byte enable);

    [LibraryImport(Library)]
    public static partial void wasmtime_config_memory_init_cow_set(nint config, byte enable);

    [LibraryImport(Library)]
    public static partial void wasmtime_config_cranelift_opt_level_set(nint config, byte level);

    [LibraryImport(Library)]
    public static partial void wasmtime_config_strategy_set(nint config, byte strategy);

    [LibraryImport(Library)]
    public static partial void wasmtime_config_shared_memory_set(nint config, byte enable);

    /// <summary>Addresses that are reserved for each linear memory, in bytes.</summary>
    [LibraryImport(Library)]
    public static partial void wasmtime_config_memory_reservation_set(nint config, ulong size);

    /// <summary>Copies <paramref name="pool"/>.</summary>
    [LibraryImport(Library)]
    public static partial void wasmtime_pooling_allocation_strategy_set(nint config, nint pool);

    [LibraryImport(Library)]
    public static partial nint wasmtime_pooling_allocation_config_new();

    [LibraryImport(Library)]
    public static partial void wasmtime_pooling_allocation_config_delete(nint pool);

    [LibraryImport(Library)]
    public static partial void wasmtime_pooling_allocation_config_total_core_instances_set(nint pool, uint count);

    [LibraryImport(Library)]
    public static partial void wasmtime_pooling_allocation_config_total_memories_set(nint pool, uint count);

    [LibraryImport(Library)]
    public static partial void wasmtime_pooling_allocation_config_total_tables_set(nint pool, uint count);

    [LibraryImport(Library)]
    public static partial void wasmtime_pooling_allocation_config_total_stacks_set(nint pool, uint count);

    [LibraryImport(Library)]
    public static partial void wasmtime_pooling_allocation_config_total_gc_heaps_set(nint pool, uint count);

    [LibraryImport(Library)]
    public static partial void wasmtime_pooling_allocation_config_max_core_instance_size_set(nint pool, nuint bytes);

    [LibraryImport(Library)]
    public static partial void wasmtime_pooling_allocation_config_max_memories_per_module_set(nint pool, uint count);

    [LibraryImport(Library)]
    public static partial void wasmtime_pooling_allocation_config_max_tables_per_module_set(nint pool, uint count);

    [LibraryImport(Library)]
    public static partial void wasmtime_pooling_allocation_config_table_elements_set(nint pool, nuint count);

    [LibraryImport(Library)]
    public static partial void wasmtime_pooling_allocation_config_linear_memory_keep_resident_set(nint pool, nuint bytes);

    [LibraryImport(Library)]
    public static partial void wasmtime_pooling_allocation_config_decommit_batch_size_set(nint pool, nuint count);

    [LibraryImport(Library)]
    public static partial void wasmtime_pooling_allocation_config_max_unused_warm_slots_set(nint pool, uint count);

    /// <summary>Takes <paramref name="config"/> over; null when the settings contradict each other.</summary>
    [LibraryImport(Library)]
    public static partial nint wasm_engine_new_with_config(nint config);

    [LibraryImport(Library)]
    public static partial void wasm_engine_delete(nint engine);

    /// <summary>Safe to call from any thread at any time.</summary>
    [LibraryImport(Library)]
    public static partial void wasmtime_engine_increment_epoch(EngineHandle engine);

    [LibraryImport(Library)]
    public static partial void wasm_byte_vec_delete(Vector* vector);

    [LibraryImport(Library)]
    public static partial nint wasmtime_wat2wasm(byte* text, nuint length, Vector* wasm);

    [LibraryImport(Library)]
    public static partial nint wasmtime_error_new(byte* message);

    [LibraryImport(Library)]
    public static partial void wasmtime_error_delete(nint error);

    [LibraryImport(Library)]
    public static partial void wasmtime_error_message(nint error, Vector* message);

    [LibraryImport(Library)]
    public static partial byte wasmtime_error_exit_status(nint error, int* status);

    [LibraryImport(Library)]
    public static partial void wasmtime_error_wasm_trace(nint error, Vector* frames);

    [LibraryImport(Library)]
    public static partial nint wasmtime_trap_new(byte* message, nuint length);

    [LibraryImport(Library)]
    public static partial byte wasmtime_trap_code(nint trap, byte* code);

    [LibraryImport(Library)]
    public static partial void wasm_trap_message(nint trap, Vector* message);

    [LibraryImport(Library)]
    public static partial void wasm_trap_trace(nint trap, Vector* frames);

    [LibraryImport(Library)]
    public static partial void wasm_trap_delete(nint trap);

    [LibraryImport(Library)]
    public static partial void wasm_frame_vec_delete(Vector* frames);

    [LibraryImport(Library)]
    public static partial uint wasm_frame_func_index(nint frame);

    [LibraryImport(Library)]
    public static partial nuint wasm_frame_module_offset(nint frame);

    [LibraryImport(Library)]
    public static partial Vector* wasmtime_frame_func_name(nint frame);

    [LibraryImport(Library)]
    public static partial Vector* wasmtime_frame_module_name(nint frame);
}
