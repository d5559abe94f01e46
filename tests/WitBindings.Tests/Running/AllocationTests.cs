using System.Diagnostics;
using System.Text;
using Skiff.Components.Abi;
using Skiff.Components.Host;
using Skiff.WitBindings.Tests.Bindings.Sample;

namespace Skiff.WitBindings.Tests.Running;

/// <summary>Calls with scalars, strings and lists leave nothing for the collector, whichever way they go.</summary>
public sealed class AllocationTests(ITestOutputHelper output)
{
    private const int Times = 20_000;

    // Short enough for one time slice of a busy machine.
    private const int TimedTimes = 500;

    // What the test's own two calls of an export allocate, and no multiple of it.
    private const long BytesMax = 20_000;

    [Theory]
    [InlineData("nothing")]
    [InlineData("e-u32", 5u)]
    [InlineData("e-char", 97u)]
    [InlineData("e-option", 1u, 5u)]
    [InlineData("e-colour", 1u)]
    [InlineData("e-string", 2048u, 32u)]
    [InlineData("e-bytes", 2048u, 4096u)]
    [InlineData("e-longs", 2048u, 64u)]
    [InlineData("e-result-none", 1u)]
    public void A_call_allocates_nothing(string function, params uint[] flat)
    {
        using var component = new SampleComponent(
            PassThrough.Text(Measured), new HostInterfaces().Add(EchoInterface.Definition, state => state));
        using var guest = component.Start(new QuietHost());
        ComponentValue[] arguments = [ComponentValue.U32(Times), .. flat.Select(ComponentValue.U32)];
        ComponentValue[] timed = [ComponentValue.U32(TimedTimes), .. arguments[1..]];
        guest.Call("loop-" + function, arguments);
        var before = GC.GetAllocatedBytesForCurrentThread();
        guest.Call("loop-" + function, arguments);
        var bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        output.WriteLine($"{function}: {Shortest(() => guest.Call("loop-" + function, timed)) / TimedTimes:F0} ns and {(double)bytes / Times:F2} bytes a call");
        Assert.InRange(bytes, 0, BytesMax);
    }

    // Nanoseconds, of several: whoever else runs on the machine only makes it longer.
    private static double Shortest(Action action) => Enumerable.Range(0, 200).Min(_ =>
    {
        var start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalNanoseconds;
    });

    private static HostInterface Measured => new(
        EchoInterface.Name,
        [.. EchoInterface.Definition.Functions.Where(function => function.Name is "nothing" or "e-u32" or "e-char" or "e-option" or "e-colour"
            or "e-string" or "e-bytes" or "e-longs" or "e-result-none")],
        []);

    /// <summary>Looks at what it gets and gives back what it has.</summary>
    private sealed class QuietHost : IEcho
    {
        private static readonly byte[] Bytes = new byte[4096];
        private static readonly ulong[] Longs = new ulong[64];

        public uint EU32(uint v) => v;

        public Rune EChar(Rune v) => v;

        public uint? EOption(uint? v) => v;

        public Colour EColour(Colour v) => v;

        public string EString(GuestString v) => v.Bytes.Length == 32 ? "0123456789abcdef0123456789abcdef" : "";

        public ReadOnlyMemory<byte> EBytes(ReadOnlySpan<byte> v) => Bytes.AsMemory(0, v.Length);

        public ReadOnlyMemory<ulong> ELongs(ReadOnlySpan<ulong> v) => Longs.AsMemory(0, v.Length);

        public Result<Unit, Unit> EResultNone(Result<Unit, Unit> v) => v;

        public void Nothing()
        {
        }

        public bool EBool(bool v) => throw new NotSupportedException();

        public byte EU8(byte v) => throw new NotSupportedException();

        public sbyte ES8(sbyte v) => throw new NotSupportedException();

        public ushort EU16(ushort v) => throw new NotSupportedException();

        public short ES16(short v) => throw new NotSupportedException();

        public int ES32(int v) => throw new NotSupportedException();

        public ulong EU64(ulong v) => throw new NotSupportedException();

        public long ES64(long v) => throw new NotSupportedException();

        public float EF32(float v) => throw new NotSupportedException();

        public double EF64(double v) => throw new NotSupportedException();

        public ReadOnlyMemory<float> EFloats(ReadOnlySpan<float> v) => throw new NotSupportedException();

        public IReadOnlyList<bool> EBools(bool[] v) => throw new NotSupportedException();

        public IReadOnlyList<Rune> EChars(Rune[] v) => throw new NotSupportedException();

        public IReadOnlyList<string> EStrings(string[] v) => throw new NotSupportedException();

        public IReadOnlyList<ushort[][]> ELists(ushort[][][] v) => throw new NotSupportedException();

        public IReadOnlyList<Person> EPeople(Person[] v) => throw new NotSupportedException();

        public Mixed EMixed(Mixed v) => throw new NotSupportedException();

        public IReadOnlyList<Mixed> EMixeds(Mixed[] v) => throw new NotSupportedException();

        public Person EPerson(Person v) => throw new NotSupportedException();

        public One EOne(One v) => throw new NotSupportedException();

        public Few EFew(Few v) => throw new NotSupportedException();

        public Some ESome(Some v) => throw new NotSupportedException();

        public Many EMany(Many v) => throw new NotSupportedException();

        public Shape EShape(Shape v) => throw new NotSupportedException();

        public IReadOnlyList<Shape> EShapes(Shape[] v) => throw new NotSupportedException();

        public Plain EPlain(Plain v) => throw new NotSupportedException();

        public (byte, long, string, ReadOnlyMemory<uint>) ETuple((byte, long, string, uint[]) v) => throw new NotSupportedException();

        public ValueTuple<uint> ESingle(ValueTuple<uint> v) => throw new NotSupportedException();

        public string? EOptionText(string? v) => throw new NotSupportedException();

        public Some<Some<byte?>?>? EOptions(Some<Some<byte?>?>? v) => throw new NotSupportedException();

        public IReadOnlyList<Point>? EOptionList(Point[]? v) => throw new NotSupportedException();

        public Result<uint, string> EResult(Result<uint, string> v) => throw new NotSupportedException();

        public Result<IReadOnlyList<string>, Unit> EResultOk(Result<string[], Unit> v) => throw new NotSupportedException();

        public Result<Unit, Shape> EResultError(Result<Unit, Shape> v) => throw new NotSupportedException();

        public Result<Result<(bool, float), Colour>?, IReadOnlyList<string?>> ENested(Result<Result<(bool, float), Colour>?, string?[]> v) => throw new NotSupportedException();

        public (Mixed, Person, string, ReadOnlyMemory<byte>, Shape?) Spilled(Mixed a, Person b, GuestString c, ReadOnlySpan<byte> d, Shape? e) => throw new NotSupportedException();

        public ulong ManyFlat(byte a, ushort b, uint c, ulong d, float e, double f, GuestString g, ReadOnlySpan<short> h, ulong? i, Rune j, bool k) => throw new NotSupportedException();
    }
}
