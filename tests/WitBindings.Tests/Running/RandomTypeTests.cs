using Skiff.Components.Abi;
using Skiff.Components.Host;

namespace Skiff.WitBindings.Tests.Running;

/// <summary>
/// Bindings generated for random types, against the interpreter: each value comes back through a real guest, and after each call the
/// guests' memories are the same to the last byte, so that both lowered the same values to the same places by the same allocations.
/// </summary>
public sealed class RandomTypeTests(ITestOutputHelper output)
{
    private const int Types = 15;
    private const int Rounds = 12;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    // Sixteen flat parameters, as many as there may be.
    [InlineData(49299188)]
    [InlineData(null)]
    public void Generated_bindings_and_interpreter_do_the_same(int? fixedSeed)
    {
        var seed = fixedSeed ?? Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var wit = new RandomWit(random).Package(Types);
        var code = new EchoCode(wit);
        var text = PassThrough.Text(code.Definition);
        using var generatedComponent = new SampleComponent(text, new HostInterfaces().Add(code.Definition, state => state));
        using var interpretedComponent = new SampleComponent(text, new HostInterfaces().Add(Interpreted(code.Definition)));
        using var generated = generatedComponent.Start(code.Host);
        using var interpreted = interpretedComponent.Start();
        var values = new RandomValues(random);
        foreach (var function in code.Definition.Functions)
        {
            for (var round = 0; round < Rounds; round++)
            {
                ComponentValue[] arguments = [.. function.Type!.Parameters.Select(parameter => values.Of(parameter.Type))];
                var expected = arguments.Length == 1 ? arguments[0] : ComponentValue.Record(arguments[0], arguments[1]);
                var why = $"seed {seed}, {function.Name}: {function.Type}";
                Assert.True(expected == generated.Call(function.Name, arguments), $"{why}: the binding changed {expected}");
                Assert.True(expected == interpreted.Call(function.Name, arguments), $"{why}: the interpreter changed {expected}");
                Assert.True(Memory(generated).SequenceEqual(Memory(interpreted)), $"{why}: the memories differ after {expected}");
            }
        }
    }

    // The guest's own memory: its first core instance has it.
    private static ReadOnlySpan<byte> Memory(SampleGuest guest) =>
        guest.Instance.Core(guest.Instance.Linked.Plan.CoreInstances[0])!.FindMemory("memory")!.Value.Whole(out _);

    private static HostInterface Interpreted(HostInterface definition) => new(
        definition.Name,
        [.. definition.Functions.Select(function => new HostFunctionDefinition(
            function.Name, function.Type, (_, arguments) => arguments.Length == 1 ? arguments[0] : ComponentValue.Record(arguments[0], arguments[1])))],
        []);
}
