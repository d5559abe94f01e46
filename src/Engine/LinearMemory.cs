using Skiff.Engine.Native;

namespace Skiff.Engine;

/// <summary>Linear memory as a span.</summary>
internal static unsafe class LinearMemory
{
    // Takes the item over. A span ends at 2 GiB, a 32-bit memory at 4: what lies beyond is not seen, never wrongly seen.
    public static Span<byte> Take(nint context, wasmtime_extern_t* item)
    {
        if (item->kind != wasmtime_extern_t.Memory)
        {
            ModuleApi.wasmtime_extern_delete(item);
            return [];
        }

        var length = (int)Math.Min(ModuleApi.wasmtime_memory_data_size(context, &item->memory), int.MaxValue);
        return new Span<byte>(ModuleApi.wasmtime_memory_data(context, &item->memory), length);
    }
}
