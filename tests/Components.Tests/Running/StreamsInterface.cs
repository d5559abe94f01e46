using Skiff.Components.Host;
using Skiff.Components.Types;

namespace Skiff.Components.Tests.Running;

/// <summary>A binding written by hand, as code generated from WIT is: resource methods, bytes in and out, results, a wait.</summary>
internal static class StreamsInterface
{
    public static readonly HostResourceType Stream = new("test:io/streams@0.2.9", "stream");
    public static readonly HostResourceType Fault = new("test:io/streams@0.2.9", "fault");

    private static readonly VariantType StreamError = VariantType.Variant(
        new Member("last-operation-failed", new HandleType(Fault, isOwn: true)), new Member("closed", null));

    public static HostInterface Definition { get; } = new(
        "test:io/streams@0.2.9",
        [
            HostFunctionDefinition.Of<NothingBinding>("nothing", new FunctionType([], null)),
            HostFunctionDefinition.Of<TextBinding>("text", new FunctionType([new("t", PrimitiveType.String)], PrimitiveType.U32)),
            HostFunctionDefinition.Of<OpenBinding>("open", new FunctionType([new("name", PrimitiveType.String)], new HandleType(Stream, isOwn: true))),
            HostFunctionDefinition.Of<CheckWriteBinding>("[method]stream.check-write", new FunctionType([Self], VariantType.Result(PrimitiveType.U64, StreamError))),
            HostFunctionDefinition.Of<CountBinding>("[method]stream.count", new FunctionType([Self], PrimitiveType.U32)),
            HostFunctionDefinition.Of<WriteBinding>("[method]stream.write", new FunctionType(
                [Self, new("contents", new ListType(PrimitiveType.U8))], VariantType.Result(null, StreamError))),
            HostFunctionDefinition.Of<ReadBinding>("[method]stream.read", new FunctionType(
                [Self, new("len", PrimitiveType.U64)],
                VariantType.Result(new ListType(PrimitiveType.U8), StreamError)), suspends: true),
            HostFunctionDefinition.Of<JoinBinding>("join", new FunctionType(
                [new("one", new HandleType(Stream, isOwn: false)), new("other", new HandleType(Stream, isOwn: true))], null)),
        ],
        [Stream, Fault]);

    private static Parameter Self => new("self", new HandleType(Stream, isOwn: false));

    private readonly struct NothingBinding : IHostBinding
    {
        public static void Call(ref ComponentCall call) => ((FakeStreams)call.Implementation).Nothing();
    }

    private readonly struct TextBinding : IHostBinding
    {
        public static void Call(ref ComponentCall call)
        {
            var text = call.Text(call.U32(0), call.U32(1));
            call.Return(((FakeStreams)call.Implementation).Text(text));
        }
    }

    private readonly struct OpenBinding : IHostBinding
    {
        public static void Call(ref ComponentCall call)
        {
            var name = call.Text(call.U32(0), call.U32(1));
            call.Return(call.NewOwn(((FakeStreams)call.Implementation).Open(name), Stream));
        }
    }

    private readonly struct CountBinding : IHostBinding
    {
        public static void Call(ref ComponentCall call) => call.Return(call.Borrow<FakeStream>(call.U32(0), Stream).Count);
    }

    private readonly struct CheckWriteBinding : IHostBinding
    {
        public static void Call(ref ComponentCall call)
        {
            var result = call.Borrow<FakeStream>(call.U32(0), Stream).CheckWrite();
            if (result.IsError)
            {
                LowerError(ref call, call.ResultAddress, 8, result.ErrorValue);
                return;
            }

            var memory = call.Result(24, 8);
            Store.U8(memory, 0, 0);
            Store.U64(memory, 8, result.Value);
        }
    }

    private readonly struct WriteBinding : IHostBinding
    {
        public static void Call(ref ComponentCall call)
        {
            var stream = call.Borrow<FakeStream>(call.U32(0), Stream);
            var result = stream.Write(call.Bytes(call.U32(1), call.U32(2)));
            if (result.IsError)
            {
                LowerError(ref call, call.ResultAddress, 4, result.ErrorValue);
                return;
            }

            Store.U8(call.Result(12, 4), 0, 0);
        }
    }

    private readonly struct ReadBinding : IHostBinding
    {
        public static void Call(ref ComponentCall call)
        {
            var stream = call.Borrow<FakeStream>(call.U32(0), Stream);
            call.Await(stream.ReadAsync(call.U64(1)), static (ref call, result) =>
            {
                if (result.IsError)
                {
                    LowerError(ref call, call.ResultAddress, 4, result.ErrorValue);
                    return;
                }

                var (address, length) = call.Lower(result.Value.Span);
                var memory = call.Result(12, 4);
                Store.U8(memory, 0, 0);
                Store.U32(memory, 4, address);
                Store.U32(memory, 8, length);
            });
        }
    }

    private readonly struct JoinBinding : IHostBinding
    {
        public static void Call(ref ComponentCall call)
        {
            var one = call.Lend<FakeStream>(call.U32(0), Stream);
            var other = call.Own<FakeStream>(call.U32(1), Stream);
            call.EndLends();
            one.Join(other);
        }
    }

    private static void LowerError(ref ComponentCall call, uint address, uint offset, FakeError error)
    {
        var handle = error.Fault is { } fault ? call.NewOwn(fault, Fault) : 0;
        var memory = call.Memory(address, offset + 8, 4);
        Store.U8(memory, 0, 1);
        Store.U8(memory, (int)offset, error.Fault is null ? (byte)1 : (byte)0);
        Store.U32(memory, (int)offset + 4, handle);
    }
}

/// <summary>What implements the interface's free functions for one guest.</summary>
internal sealed class FakeStreams
{
    public List<FakeStream> Opened { get; } = [];

    public int Calls { get; private set; }

    public void Nothing() => Calls++;

    public uint Text(GuestString text)
    {
        Calls++;
        return (uint)text.Bytes.Length;
    }

    public FakeStream Open(GuestString name)
    {
        var stream = new FakeStream(name.ToString());
        Opened.Add(stream);
        return stream;
    }
}

/// <summary>What a stream fails with; without fault it is closed.</summary>
internal readonly record struct FakeError(FakeFault? Fault);

internal sealed class FakeFault : IDisposable
{
    public bool IsDisposed { get; private set; }

    public void Dispose() => IsDisposed = true;
}

internal sealed class FakeStream(string name) : IDisposable
{
    public string Name => name;

    public List<byte> Written { get; } = [];

    public uint Count { get; private set; }

    public int Disposals { get; private set; }

    public bool DisposeThrows { get; set; }

    public FakeFault? Fault { get; set; }

    public TaskCompletionSource? Gate { get; init; } = name.StartsWith("slow", StringComparison.Ordinal) ? new() : null;

    public Result<ulong, FakeError> CheckWrite() => name == "closed" ? new FakeError(null) : 1UL << 40;

    public Result<Unit, FakeError> Write(ReadOnlySpan<byte> contents)
    {
        Count++;
        if (name == "broken")
        {
            return new FakeError(Fault = new FakeFault());
        }

        Written.AddRange(contents);
        return default(Unit);
    }

    public async ValueTask<Result<ReadOnlyMemory<byte>, FakeError>> ReadAsync(ulong length)
    {
        if (Gate is not null)
        {
            await Gate.Task;
        }

        return (ReadOnlyMemory<byte>)Enumerable.Range(0, (int)length).Select(i => (byte)i).ToArray();
    }

    public void Join(FakeStream other) => Written.AddRange(other.Written);

    public void Dispose()
    {
        Disposals++;
        if (DisposeThrows)
        {
            throw new IOException("no");
        }
    }
}
