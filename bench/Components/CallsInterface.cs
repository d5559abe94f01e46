using Skiff.Components.Host;
using Skiff.Components.Types;

namespace Skiff.Bench.Components;

/// <summary>The host's side of <see cref="CallsComponent"/>, bound as code generated from WIT binds.</summary>
internal static class CallsInterface
{
    public static readonly HostResourceType Counter = new("bench:host/calls@0.1.0", "counter");

    public static HostInterface Definition { get; } = new(
        "bench:host/calls@0.1.0",
        [
            new("nothing", new FunctionType([], null), static (ref call) => ((Calls)call.Implementation).Nothing()),
            new("text", new FunctionType([new("t", PrimitiveType.String)], null), static (ref call) =>
                ((Calls)call.Implementation).Text(call.Text(call.U32(0), call.U32(1)))),
            new("bytes", new FunctionType([new("b", new ListType(PrimitiveType.U8))], null), static (ref call) =>
                ((Calls)call.Implementation).Bytes(call.Bytes(call.U32(0), call.U32(1)))),
            new("open", new FunctionType([], new HandleType(Counter, isOwn: true)), static (ref call) =>
                call.Return(call.NewOwn(new CounterResource(), Counter))),
            new("[method]counter.add", new FunctionType(
                [new("self", new HandleType(Counter, isOwn: false)), new("n", PrimitiveType.U32)], PrimitiveType.U32), static (ref call) =>
                call.Return(call.Borrow<CounterResource>(call.U32(0), Counter).Add(call.U32(1)))),
        ],
        [Counter]);
}

/// <summary>What the guest calls.</summary>
internal sealed class Calls
{
    public long Count { get; private set; }

    public byte[] Buffer { get; } = new byte[4096];

    public void Nothing() => Count++;

    public void Text(GuestString text) => Count += text.Bytes[0];

    public void Bytes(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Buffer);
}

internal sealed class CounterResource
{
    private uint _count;

    public uint Add(uint n) => _count += n;
}
