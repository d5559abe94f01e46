using System.Buffers.Binary;
using Skiff.Engine;
using Skiff.Linux.Files;
using Skiff.Wasi.Streams;

namespace Skiff.Wasi.Preview1;

/// <summary><c>poll_oneoff</c>: sleeping, and waiting for descriptors.</summary>
internal static class PollFunctions
{
    /// <summary>More than a guest can have descriptors, and a bound to what it makes the host keep.</summary>
    private const uint SubscriptionsMax = 8192;

    private const uint EventSize = 32;

    public static void Define(Preview1Definition functions, bool isUnstable)
    {
        var layout = isUnstable ? SubscriptionLayout.Unstable : SubscriptionLayout.Snapshot;
        functions.AddWaiting("poll_oneoff", "iiii", (ref call, state) => Poll(ref call, state, layout));
    }

    private static void Poll(ref HostCall call, Preview1State state, SubscriptionLayout layout)
    {
        var count = call.U32(2);
        if (count is 0 or > SubscriptionsMax)
        {
            call.Return((int)WasiErrno.Invalid);
            return;
        }

        var memory = call.Memory1();
        var raw = memory.Slice(call.U32(0), count * layout.Size);
        memory.Slice(call.U32(1), count * EventSize);
        memory.Slice(call.U32(3), sizeof(uint));
        for (var i = 0u; i < count; i++)
        {
            if (!SubscriptionLayout.IsKnown(raw[(int)(i * layout.Size)..]))
            {
                call.Return((int)WasiErrno.Invalid);
                return;
            }
        }

        var subscriptions = new Subscription[count];
        var pollables = new Pollable[count];
        for (var i = 0; i < count; i++)
        {
            subscriptions[i] = layout.Read(raw[(int)(i * layout.Size)..], state, out pollables[i]);
        }

        call.Await(PollSet.WaitAnyAsync(pollables, state.Wasi.Ended), (subscriptions, pollables), static (ref call, ready, asked) =>
        {
            var (subscriptions, pollables) = asked;
            Array.ForEach(pollables, pollable => pollable.Dispose());
            var memory = call.Memory1();
            var events = memory.Slice(call.U32(1), (uint)ready.Length * EventSize);
            events.Clear();
            for (var i = 0; i < ready.Length; i++)
            {
                subscriptions[ready[i]].Write(events[(int)(i * EventSize)..]);
            }

            memory.Write(call.U32(3), (uint)ready.Length);
            call.Return((int)WasiErrno.Success);
        });
    }
}

/// <summary>Where the fields of a <c>subscription</c> stand.</summary>
internal sealed record SubscriptionLayout(uint Size, int ClockId)
{
    private const int TypeOffset = 8;
    private const int ValueOffset = 16;
    private const ushort AbsoluteTime = 1;

    public static SubscriptionLayout Snapshot { get; } = new(48, ValueOffset);

    /// <summary>Preview 0 has another user value before the clock's number.</summary>
    public static SubscriptionLayout Unstable { get; } = new(56, ValueOffset + sizeof(ulong));

    /// <summary>Whether it is of a type that there is: another has no event to be answered by.</summary>
    public static bool IsKnown(ReadOnlySpan<byte> raw) => raw[TypeOffset] <= (byte)EventType.FdWrite;

    /// <summary>What is subscribed to, and what to wait for; an error is ready at once.</summary>
    public Subscription Read(ReadOnlySpan<byte> raw, Preview1State state, out Pollable pollable)
    {
        var userdata = BinaryPrimitives.ReadUInt64LittleEndian(raw);
        var type = (EventType)raw[TypeOffset];
        if (type == EventType.Clock)
        {
            var error = ReadClock(raw, state, out pollable);
            return new Subscription(userdata, type, error, null);
        }

        var wanted = type == EventType.FdRead ? Readiness.Readable : Readiness.Writable;
        var found = state.Find(BinaryPrimitives.ReadUInt32LittleEndian(raw[ValueOffset..]), Rights.PollFdReadwrite, out var descriptor);
        if (found != WasiErrno.Success)
        {
            pollable = new Immediate();
            return new Subscription(userdata, type, found, null);
        }

        pollable = new DescriptorReady(descriptor, wanted);
        return new Subscription(userdata, type, WasiErrno.Success, descriptor);
    }

    private WasiErrno ReadClock(ReadOnlySpan<byte> raw, Preview1State state, out Pollable pollable)
    {
        const int TimeoutOffset = 8;
        const int FlagsOffset = 24;
        var clock = BinaryPrimitives.ReadUInt32LittleEndian(raw[ClockId..]);
        var timeout = BinaryPrimitives.ReadUInt64LittleEndian(raw[(ClockId + TimeoutOffset)..]);
        var isAbsolute = (BinaryPrimitives.ReadUInt16LittleEndian(raw[(ClockId + FlagsOffset)..]) & AbsoluteTime) != 0;
        var clocks = state.Wasi.Clocks;
        if (!ProcessFunctions.TryNow(clocks, clock, out _))
        {
            pollable = new Immediate();
            return WasiErrno.Invalid;
        }

        // A sleep, of both clocks: it does not end sooner because somebody sets the time.
        var timer = !isAbsolute ? clocks.After(timeout)
            : ProcessFunctions.IsMonotonic(clock) ? clocks.At(timeout)
            : clocks.AtWall(timeout);
        pollable = timer ?? (Pollable)new Immediate();
        return timer is null ? WasiErrno.NoMemory : WasiErrno.Success;
    }

    private sealed class Immediate : Pollable
    {
        public override bool IsReady => true;

        public override ValueTask WaitAsync(CancellationToken cancellation) => ValueTask.CompletedTask;
    }

    private sealed class DescriptorReady(OpenDescriptor descriptor, Readiness wanted) : Pollable
    {
        public override bool IsReady => descriptor.IsReady(wanted);

        public override ValueTask WaitAsync(CancellationToken cancellation) => descriptor.WaitAsync(wanted, cancellation);
    }
}

/// <summary>One <c>subscription</c>, ready to become an <c>event</c>.</summary>
internal sealed record Subscription(ulong Userdata, EventType Type, WasiErrno Error, OpenDescriptor? Descriptor)
{
    private const ushort HangUp = 1;

    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(to, Userdata);
        BinaryPrimitives.WriteUInt16LittleEndian(to[8..], (ushort)Error);
        to[10] = (byte)Type;
        if (Descriptor is { } descriptor)
        {
            // How many bytes are there is not known of every kind of descriptor; that there are some is.
            BinaryPrimitives.WriteUInt64LittleEndian(to[16..], 1);
            BinaryPrimitives.WriteUInt16LittleEndian(to[24..], descriptor.HasHungUp ? HangUp : (ushort)0);
        }
    }
}
