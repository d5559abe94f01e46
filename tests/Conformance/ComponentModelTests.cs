using System.Buffers.Binary;
using System.Text;
using Skiff.Functional;

namespace Skiff.Conformance;

/// <summary>What components may do, and how those that lie end.</summary>
public sealed class ComponentModelTests
{
    private const string Liar = "liar.wasm";

    // consumer.c and provider.c, composed.
    private const string Composed = "composed.wasm";

    public static Task<IReadOnlyCollection<TheoryDataRow<string, string>>> Lies() => Suite.TestsAsync(Liar);

    public static Task<IReadOnlyCollection<TheoryDataRow<string, string>>> Compositions() => Suite.TestsAsync(Composed);

    [Theory]
    [MemberData(nameof(Lies))]
    public Task A_guest_that_lies_to_its_host_ends_with_the_reason(string test, string end) => Suite.PassesAsync(Liar, test, end);

    [Theory]
    [MemberData(nameof(Compositions))]
    public Task Two_composed_guests_give_each_other_values(string test, string end) => Suite.PassesAsync(Composed, test, end);

    [Fact]
    public async Task All_calls_between_composed_guests_work_one_after_the_other_in_one_instance()
    {
        var result = await SkiffProgram.RunAsync("run", Guest.Needed(Composed));
        Assert.Contains("ok spilled-parameters\n", result.Succeeded(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_component_that_exports_no_command_is_refused()
    {
        foreach (var guest in (string[])["provider.wasm", "consumer.wasm"])
        {
            var result = await SkiffProgram.RunAsync("run", Guest.Needed(guest));
            Assert.NotEqual(0, result.ExitCode);
            Assert.Contains(guest == "provider.wasm" ? "wasi:cli/run" : "guests:worlds/store", result.Error, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("zürich")]
    [InlineData("a🛶b")]
    [InlineData("ÿĀ")]
    [InlineData("")]
    public async Task A_string_arrives_in_each_encoding(string argument)
    {
        var result = await SkiffProgram.RunBytesAsync("run", Guest.Needed("encodings.wat"), argument);
        var isLatin1 = argument.All(character => character <= 0xFF);
        var utf8 = Encoding.UTF8.GetBytes(argument);
        var utf16 = Encoding.Unicode.GetBytes(argument);
        byte[] expected =
        [
            .. Word((uint)utf8.Length), .. utf8,
            .. Word((uint)argument.Length), .. utf16,
            .. isLatin1 ? Word((uint)argument.Length) : Word((uint)argument.Length | 0x8000_0000),
            .. isLatin1 ? Encoding.Latin1.GetBytes(argument) : utf16,
        ];
        Assert.Equal(Convert.ToHexString(expected), Convert.ToHexString(result));
    }

    private static byte[] Word(uint value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return bytes;
    }
}
