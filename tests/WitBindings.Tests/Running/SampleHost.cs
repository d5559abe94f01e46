using System.Text;
using Skiff.Components.Host;
using Skiff.WitBindings.Tests.Bindings.Sample;

namespace Skiff.WitBindings.Tests.Running;

/// <summary>Gives back what it gets, in whatever C# type the position has.</summary>
internal sealed class EchoHost : IEcho
{
    /// <summary>What the last spilled call got.</summary>
    public List<object?> Seen { get; } = [];

    public bool EBool(bool v) => v;

    public byte EU8(byte v) => v;

    public sbyte ES8(sbyte v) => v;

    public ushort EU16(ushort v) => v;

    public short ES16(short v) => v;

    public uint EU32(uint v) => v;

    public int ES32(int v) => v;

    public ulong EU64(ulong v) => v;

    public long ES64(long v) => v;

    public float EF32(float v) => v;

    public double EF64(double v) => v;

    public Rune EChar(Rune v) => v;

    public string EString(GuestString v) => v.ToString();

    public ReadOnlyMemory<byte> EBytes(ReadOnlySpan<byte> v) => v.ToArray();

    public ReadOnlyMemory<ulong> ELongs(ReadOnlySpan<ulong> v) => v.ToArray();

    public ReadOnlyMemory<float> EFloats(ReadOnlySpan<float> v) => v.ToArray();

    public IReadOnlyList<bool> EBools(bool[] v) => v;

    public IReadOnlyList<Rune> EChars(Rune[] v) => v;

    public IReadOnlyList<string> EStrings(string[] v) => v;

    public IReadOnlyList<ushort[][]> ELists(ushort[][][] v) => v;

    public IReadOnlyList<Person> EPeople(Person[] v) => v;

    public Mixed EMixed(Mixed v) => v;

    public IReadOnlyList<Mixed> EMixeds(Mixed[] v) => v;

    public Person EPerson(Person v) => v;

    public One EOne(One v) => v;

    public Colour EColour(Colour v) => v;

    public Few EFew(Few v) => v;

    public Some ESome(Some v) => v;

    public Many EMany(Many v) => v;

    public Shape EShape(Shape v) => v;

    public IReadOnlyList<Shape> EShapes(Shape[] v) => v;

    public Plain EPlain(Plain v) => v;

    public (byte, long, string, ReadOnlyMemory<uint>) ETuple((byte, long, string, uint[]) v) => v;

    public ValueTuple<uint> ESingle(ValueTuple<uint> v) => v;

    public uint? EOption(uint? v) => v;

    public string? EOptionText(string? v) => v;

    public Some<Some<byte?>?>? EOptions(Some<Some<byte?>?>? v) => v;

    public IReadOnlyList<Point>? EOptionList(Point[]? v) => v;

    public Result<uint, string> EResult(Result<uint, string> v) => v;

    public Result<Unit, Unit> EResultNone(Result<Unit, Unit> v) => v;

    public Result<IReadOnlyList<string>, Unit> EResultOk(Result<string[], Unit> v) =>
        v.IsOk ? v.Value : Result<IReadOnlyList<string>, Unit>.Error(default);

    public Result<Unit, Shape> EResultError(Result<Unit, Shape> v) => v;

    public Result<Result<(bool, float), Colour>?, IReadOnlyList<string?>> ENested(Result<Result<(bool, float), Colour>?, string?[]> v) =>
        v.IsOk ? v.Value : Result<Result<(bool, float), Colour>?, IReadOnlyList<string?>>.Error(v.ErrorValue);

    public (Mixed, Person, string, ReadOnlyMemory<byte>, Shape?) Spilled(Mixed a, Person b, GuestString c, ReadOnlySpan<byte> d, Shape? e)
    {
        Seen.Clear();
        Seen.AddRange([a, b, c.ToString(), d.ToArray(), e]);
        return (a, b, c.ToString(), d.ToArray(), e);
    }

    public ulong ManyFlat(byte a, ushort b, uint c, ulong d, float e, double f, GuestString g, ReadOnlySpan<short> h, ulong? i, Rune j, bool k)
    {
        Seen.Clear();
        Seen.AddRange([a, b, c, d, e, f, g.ToString(), h.ToArray(), i, j, k]);
        return (ulong)Seen.Count;
    }

    public void Nothing()
    {
    }
}
