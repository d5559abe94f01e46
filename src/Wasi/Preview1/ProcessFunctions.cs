using Skiff.Engine;
using Skiff.Wasi.Clocks;
using Skiff.Wasi.Random;

namespace Skiff.Wasi.Preview1;

/// <summary>Arguments, environment, clocks, random bytes, the end.</summary>
internal static class ProcessFunctions
{
    private const int ExitCodeMask = 0xFF;
    private const uint ClockRealtime = 0;
    private const uint ClockMonotonic = 1;
    private const uint ClockProcessCpuTime = 2;
    private const uint ClockThreadCpuTime = 3;

    // As the kernel counts it.
    private const ulong CpuTimeResolution = 1;

    public static void Define(Preview1Definition functions)
    {
        functions.Add("args_get", "ii", static (ref call, state) => Strings(ref call, state.Wasi.Environment.ArgumentBytes()));
        functions.Add("args_sizes_get", "ii", static (ref call, state) => Sizes(ref call, state.Wasi.Environment.ArgumentBytes()));
        functions.Add("environ_get", "ii", static (ref call, state) => Strings(ref call, state.Wasi.Environment.VariableBytes()));
        functions.Add("environ_sizes_get", "ii", static (ref call, state) => Sizes(ref call, state.Wasi.Environment.VariableBytes()));
        functions.Add("clock_res_get", "ii", ClockResolution);
        functions.Add("clock_time_get", "iIi", ClockTime);
        functions.Add("random_get", "ii", RandomGet);
        functions.Add("sched_yield", "", static (ref _, _) => WasiErrno.Success);
        functions.Add("proc_raise", "i", static (ref _, _) => WasiErrno.NotSupported);
        functions.AddEnding("proc_exit", "i", static code => throw new GuestExitException(code & ExitCodeMask));
    }

    /// <summary>
    /// Nanoseconds by a clock that one can wait for. The two of CPU time are none of these: POSIX lets nobody wait for his own.
    /// </summary>
    public static bool TryNow(GuestClocks clocks, uint clock, out ulong now)
    {
        now = clock switch { ClockRealtime => clocks.WallNanoseconds, ClockMonotonic => clocks.Monotonic, _ => 0 };
        return clock is ClockRealtime or ClockMonotonic;
    }

    public static bool IsMonotonic(uint clock) => clock == ClockMonotonic;

    private static WasiErrno Sizes(ref HostCall call, byte[][] strings)
    {
        var memory = call.Memory1();
        memory.Write(call.U32(0), (uint)strings.Length);
        memory.Write(call.U32(1), (uint)strings.Sum(text => text.Length));
        return WasiErrno.Success;
    }

    private static WasiErrno Strings(ref HostCall call, byte[][] strings)
    {
        var memory = call.Memory1();
        var (pointer, at) = (call.U32(0), call.U32(1));
        foreach (var text in strings)
        {
            text.CopyTo(memory.Slice(at, (uint)text.Length));
            memory.Write(pointer, at);
            pointer += sizeof(uint);
            at += (uint)text.Length;
        }

        return WasiErrno.Success;
    }

    private static WasiErrno ClockResolution(ref HostCall call, Preview1State state)
    {
        var clock = call.U32(0);
        if (clock is ClockProcessCpuTime or ClockThreadCpuTime)
        {
            call.Memory1().Write(call.U32(1), CpuTimeResolution);
            return WasiErrno.Success;
        }

        if (!TryNow(state.Wasi.Clocks, clock, out _))
        {
            return WasiErrno.Invalid;
        }

        call.Memory1().Write(call.U32(1), IsMonotonic(clock) ? state.Wasi.Clocks.MonotonicResolution : GuestClocks.WallResolution);
        return WasiErrno.Success;
    }

    private static WasiErrno ClockTime(ref HostCall call, Preview1State state)
    {
        // The guest's own, whatever else the process and its threads do: clock() measures by it. A guest has one thread.
        if (call.U32(0) is ClockProcessCpuTime or ClockThreadCpuTime)
        {
            call.Memory1().Write(call.U32(2), (ulong)call.Store.CpuNanoseconds());
            return WasiErrno.Success;
        }

        if (!TryNow(state.Wasi.Clocks, call.U32(0), out var now))
        {
            return WasiErrno.Invalid;
        }

        call.Memory1().Write(call.U32(2), now);
        return WasiErrno.Success;
    }

    private static WasiErrno RandomGet(ref HostCall call, Preview1State state)
    {
        var (address, length) = (call.U32(0), call.U32(1));
        var memory = call.Memory1();
        memory.Slice(address, length);
        while (length > 0)
        {
            // Gigabytes take seconds, in which no epoch looks in.
            if (call.Store.StopReason is { } reason)
            {
                throw new GuestTrapException(reason);
            }

            var part = Math.Min(length, (uint)RandomSource.ChunkBytes);
            state.Wasi.Random.Fill(memory.Slice(address, part));
            address += part;
            length -= part;
        }

        return WasiErrno.Success;
    }
}
