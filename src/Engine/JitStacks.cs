using System.Runtime;
using System.Runtime.InteropServices;
using Skiff.Engine.Native;

namespace Skiff.Engine;

/// <summary>
/// Makes each fiber's stack below those of threads and of all fibers before it, when the just-in-time runtime runs us (development,
/// tests): that runtime orders the frames of a thread by their addresses, and its collector goes astray on a fiber that lies above
/// what entered it. Code compiled ahead of time links its frames and needs nothing of this (docs/decisions/0009). A pool places its
/// stacks itself, so there is none then: instances are made on demand.
/// </summary>
internal static unsafe class JitStacks
{
    // Between the first terabytes, where runtimes like to reserve their heaps, and the programs' own addresses at 0x55….
    private const long LowestAddress = 0x1000_0000_0000;
    private const long HighestAddress = 0x4000_0000_0000;

    private const int GuardBytes = 1 << 16;
    private const int AttemptsMax = 100;

    // RuntimeFeature tells what the program was set up for; this, what really runs: code compiled ahead of time has compiled nothing.
    public static bool AreNeeded => JitInfo.GetCompiledMethodCount() > 0;

    /// <summary>Lets the engine make its stacks here.</summary>
    public static void Configure(nint config)
    {
        // Lives as long as the process: an engine may make stacks until its end, and is not asked when it has ended.
        var next = (long*)NativeMemory.Alloc(sizeof(long));
        *next = Random.Shared.NextInt64(LowestAddress, HighestAddress) & ~(GuardBytes - 1L);
        var creator = new wasmtime_stack_creator_t { env = (nint)next, new_stack = &New };
        AsyncApi.wasmtime_config_host_stack_creator_set(config, &creator);
    }

    [UnmanagedCallersOnly]
    private static nint New(nint next, nuint size, byte zeroed, wasmtime_stack_memory_t* stack)
    {
        var length = (nint)size + GuardBytes;
        for (var attempt = 0; attempt < AttemptsMax; attempt++)
        {
            var wanted = Interlocked.Add(ref *(long*)next, -length - GuardBytes) & ~(GuardBytes - 1L);
            var at = MemoryApi.Reserve((nint)wanted, length);
            if (at == wanted && MemoryApi.MakeUsable(at + GuardBytes, length - GuardBytes))
            {
                var range = (nint*)NativeMemory.Alloc(2 * (nuint)sizeof(nint));
                (range[0], range[1]) = (at, length);
                *stack = new wasmtime_stack_memory_t { env = (nint)range, get_stack_memory = &Get, finalizer = &Free };
                return 0;
            }

            MemoryApi.Release(at, length);
        }

        fixed (byte* message = "no address space for a fiber's stack\0"u8)
        {
            return EngineApi.wasmtime_error_new(message);
        }
    }

    [UnmanagedCallersOnly]
    private static byte* Get(nint env, nuint* length)
    {
        var range = (nint*)env;
        *length = (nuint)(range[1] - GuardBytes);
        return (byte*)(range[0] + range[1]);
    }

    [UnmanagedCallersOnly]
    private static void Free(nint env)
    {
        var range = (nint*)env;
        MemoryApi.Release(range[0], range[1]);
        NativeMemory.Free(range);
    }
}
