using System.Runtime.InteropServices;
using Skiff.Engine.Native;

namespace Skiff.Engine;

/// <summary>What happens to a running guest at each tick: it is stopped, slowed down, or moved to the end of the queue.</summary>
internal static unsafe class EpochCallback
{
    private const byte Yield = 1;

    [UnmanagedCallersOnly]
    public static nint Reached(nint context, nint self, ulong* delta, byte* kind)
    {
        *delta = 1;
        try
        {
            var store = WasmStore.FromSelf(self);
            if (store.StopReason is null && store.Meter is { Quota: not null } meter)
            {
                meter.Charge();
                if (!store.CanSuspend)
                {
                    meter.BlockUntilRefilled(store);
                }
            }

            if (store.StopReason is not null)
            {
                return NewError();
            }

            if (store.CanSuspend)
            {
                *kind = Yield;
            }

            return 0;
        }
#pragma warning disable CA1031 // whatever it is, it must not unwind into the engine's frames
        catch (Exception)
#pragma warning restore CA1031
        {
            return NewError();
        }
    }

    private static nint NewError()
    {
        fixed (byte* message = "wasm trap: interrupt\0"u8)
        {
            return EngineApi.wasmtime_error_new(message);
        }
    }
}
