using System.Runtime.CompilerServices;
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
            HostFunctionDefinition.Of<NothingBinding>("nothing", new FunctionType([], null)),
            HostFunctionDefinition.Of<TextBinding>("text", new FunctionType([new("t", PrimitiveType.String)], null)),
            HostFunctionDefinition.Of<BytesBinding>("bytes", new FunctionType([new("b", new ListType(PrimitiveType.U8))], null)),
            HostFunctionDefinition.Of<OpenBinding>("open", new FunctionType([], new HandleType(Counter, isOwn: true))),
            HostFunctionDefinition.Of<CounterAddBinding>("[method]counter.add", new FunctionType(
                [new("self", new HandleType(Counter, isOwn: false)), new("n", PrimitiveType.U32)], PrimitiveType.U32)),
        ],
        [Counter]);

    private readonly struct NothingBinding : IHostBinding
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Call(ref ComponentCall call) => ((ICalls)call.Implementation).Nothing();
    }

    private readonly struct TextBinding : IHostBinding
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Call(ref ComponentCall call) => ((ICalls)call.Implementation).Text(call.Text(call.U32(0), call.U32(1)));
    }

    private readonly struct BytesBinding : IHostBinding
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Call(ref ComponentCall call) => ((ICalls)call.Implementation).Bytes(call.Bytes(call.U32(0), call.U32(1)));
    }

    private readonly struct OpenBinding : IHostBinding
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Call(ref ComponentCall call) => call.Return(call.NewOwn(((ICalls)call.Implementation).Open(), Counter));
    }

    private readonly struct CounterAddBinding : IHostBinding
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Call(ref ComponentCall call) => call.Return(call.Borrow<ICounter>(call.U32(0), Counter).Add(call.U32(1)));
    }
}

/// <summary>As the interface that is generated.</summary>
internal interface ICalls
{
    void Nothing();

    void Text(GuestString text);

    void Bytes(ReadOnlySpan<byte> bytes);

    ICounter Open();
}

/// <summary>As the resource that is generated.</summary>
internal interface ICounter
{
    uint Add(uint n);
}

/// <summary>What the guest calls.</summary>
internal sealed class Calls : ICalls
{
    public long Count { get; private set; }

    public byte[] Buffer { get; } = new byte[4096];

    public void Nothing() => Count++;

    public void Text(GuestString text) => Count += text.Bytes[0];

    public void Bytes(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Buffer);

    public ICounter Open() => new CounterResource();
}

internal sealed class CounterResource : ICounter
{
    private uint _count;

    public uint Add(uint n) => _count += n;
}
