using System.Text;
using Skiff.Components.Abi;
using Skiff.Components.Host;
using Skiff.WitBindings.Tests.Bindings.Sample;

namespace Skiff.WitBindings.Tests.Running;

/// <summary>Every type in every position, through a real guest: the interpreter on the export's side, generated code on the import's.</summary>
public sealed class EchoTests(EchoComponent component, ITestOutputHelper output) : IClassFixture<EchoComponent>
{
    private const int Rounds = 60;

    [Fact]
    public void What_goes_in_comes_back()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var values = new RandomValues(new Random(seed));
        using var guest = component.Start();
        foreach (var function in EchoInterface.Definition.Functions.Where(function => function.Name.StartsWith("e-", StringComparison.Ordinal)))
        {
            for (var round = 0; round < Rounds; round++)
            {
                var value = values.Of(function.Type!.Parameters[0].Type);
                var echo = guest.Call(function.Name, value);
                Assert.True(value == echo, $"seed {seed}, {function.Name}: {value} came back as {echo}");
            }
        }
    }

    [Fact]
    public void Generated_code_and_interpreter_answer_the_same()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var values = new RandomValues(new Random(seed));
        using var generated = component.Start();
        using var interpretedComponent = new SampleComponent(component.Text, new HostInterfaces().Add(Interpreted()));
        using var interpreted = interpretedComponent.Start();
        foreach (var function in EchoInterface.Definition.Functions)
        {
            for (var round = 0; round < Rounds; round++)
            {
                ComponentValue[] arguments = [.. function.Type!.Parameters.Select(parameter => values.Of(parameter.Type))];
                Assert.Equal(interpreted.Call(function.Name, arguments), generated.Call(function.Name, arguments));
            }
        }
    }

    [Fact]
    public void Spilled_parameters_arrive_as_they_were_sent()
    {
        var host = new EchoHost();
        using var guest = component.Start(host);
        var mixed = ComponentValue.Record(
            ComponentValue.Bool(true), ComponentValue.U16(65535), ComponentValue.S8(-5), ComponentValue.U64(ulong.MaxValue), ComponentValue.U8(7),
            ComponentValue.Char(new Rune(0x1F6F6)), ComponentValue.Variant(1), ComponentValue.Flags(0x201));
        var person = ComponentValue.Record(
            ComponentValue.String("Ada"), ComponentValue.Some(ComponentValue.U8(36)), ComponentValue.List(ComponentValue.String("x"), ComponentValue.String("")),
            ComponentValue.Bytes([1, 2]), ComponentValue.List(ComponentValue.Record(ComponentValue.F32(1.5f), ComponentValue.F64(-2))));
        guest.Call("spilled", mixed, person, ComponentValue.String("c"), ComponentValue.Bytes([9]), ComponentValue.Some(ComponentValue.Variant(1, ComponentValue.F32(3))));
        Assert.Equal(new Mixed(true, 65535, -5, ulong.MaxValue, 7, new Rune(0x1F6F6), Colour.DarkGreen, Some.F0 | Some.F9), host.Seen[0]);
        var seen = Assert.IsType<Person>(host.Seen[1]);
        Assert.Equal(("Ada", (byte?)36), (seen.Name, seen.Age));
        Assert.Equal(["x", ""], seen.Tags);
        Assert.Equal([1, 2], seen.Photo);
        Assert.Equal([new Point(1.5f, -2)], seen.Places);
        Assert.Equal(Shape.Circle(3), host.Seen[4]);
    }

    [Fact]
    public void Many_flat_parameters_arrive_as_they_were_sent()
    {
        var host = new EchoHost();
        using var guest = component.Start(host);
        Assert.Equal(ComponentValue.U64(11), guest.Call(
            "many-flat", ComponentValue.U8(1), ComponentValue.U16(2), ComponentValue.U32(3), ComponentValue.U64(4), ComponentValue.F32(5), ComponentValue.F64(6),
            ComponentValue.String("sieben"), ComponentValue.List(ComponentValue.S16(-8)), ComponentValue.Some(ComponentValue.U64(9)), ComponentValue.Char(new Rune('j')), ComponentValue.Bool(true)));
        object?[] expected = [(byte)1, (ushort)2, 3u, 4ul, 5f, 6d, "sieben", new short[] { -8 }, 9ul, new Rune('j'), true];
        Assert.Equal(expected, host.Seen);
    }

    private static HostInterface Interpreted() => new(
        EchoInterface.Name,
        [.. EchoInterface.Definition.Functions.Select(function => new HostFunctionDefinition(function.Name, function.Type, (_, arguments) => function.Name switch
        {
            "nothing" => null,
            "many-flat" => ComponentValue.U64((ulong)arguments.Length),
            "spilled" => ComponentValue.Record(arguments),
            _ => arguments[0],
        }))],
        []);
}
