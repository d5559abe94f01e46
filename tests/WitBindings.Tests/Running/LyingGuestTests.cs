using Skiff.Components.Abi;
using Skiff.WitBindings.Tests.Bindings.Sample;

namespace Skiff.WitBindings.Tests.Running;

/// <summary>Flat values and memory that no honest toolchain makes: each traps that guest with a text that says what was wrong.</summary>
public sealed class LyingGuestTests(EchoComponent component, ITestOutputHelper output) : IClassFixture<EchoComponent>
{
    private const uint MemorySize = 4 * 65536;

    [Theory]
    [InlineData("e-colour", "invalid discriminant", 3u)]
    [InlineData("e-colour", "invalid discriminant", 0xffff_ff00u)]
    [InlineData("e-plain", "invalid discriminant", 2u)]
    [InlineData("e-option", "invalid discriminant", 2u, 0u)]
    [InlineData("e-result-none", "invalid discriminant", 7u)]
    [InlineData("e-char", "invalid char", 0xD800u)]
    [InlineData("e-char", "invalid char", 0x110000u)]
    [InlineData("e-string", "out of bounds", MemorySize - 1, 2u)]
    [InlineData("e-string", "out of bounds", 0xffff_ffffu, 1u)]
    [InlineData("e-bytes", "out of bounds", 0xffff_fff0u, 0x20u)]
    [InlineData("e-bytes", "too long", 0u, 0x1000_0000u)]
    [InlineData("e-longs", "unaligned", 4u, 1u)]
    [InlineData("e-longs", "unaligned", 4u, 0u)]
    [InlineData("e-longs", "too long", 0u, 0x2000_0001u)]
    [InlineData("e-chars", "unaligned", 2u, 1u)]
    [InlineData("e-strings", "out of bounds", MemorySize, 1u)]
    [InlineData("e-people", "unaligned", 2u, 1u)]
    [InlineData("spilled", "unaligned", 4u)]
    [InlineData("spilled", "out of bounds", MemorySize - 8)]
    public void A_wrong_flat_value_traps(string function, string expected, params uint[] flat)
    {
        using var guest = component.Start();
        Assert.Contains(expected, guest.Trap("raw-" + function, [.. flat.Select(ComponentValue.U32)]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("e-string", "utf-8", new byte[] { 0xC0, 0x80 }, 128u, 2u)]
    [InlineData("e-string", "utf-8", new byte[] { 0xED, 0xA0, 0x80 }, 128u, 3u)]
    [InlineData("e-string", "utf-8", new byte[] { 0xE2, 0x82 }, 128u, 2u)]
    [InlineData("e-chars", "invalid char", new byte[] { 0, 0xD8, 0, 0 }, 128u, 1u)]
    [InlineData("e-option-list", "out of bounds", new byte[0], 1u, 0xffff_fff0u, 1u)]
    [InlineData("e-shapes", "invalid discriminant", new byte[] { 7 }, 128u, 1u)]
    [InlineData("e-mixeds", "invalid discriminant", new byte[] { 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 65, 0, 0, 0, 9 }, 128u, 1u)]
    [InlineData("e-strings", "out of bounds", new byte[] { 0, 0, 0, 0xff, 8, 0, 0, 0 }, 128u, 1u)]
    [InlineData("e-lists", "unaligned", new byte[] { 1, 0, 0, 0, 0, 0, 0, 0 }, 128u, 1u)]
    public void Wrong_bytes_in_memory_trap(string function, string expected, byte[] bytes, params uint[] flat)
    {
        using var guest = component.Start();
        Poke(guest, 128, bytes);
        Assert.Contains(expected, guest.Trap("raw-" + function, [.. flat.Select(ComponentValue.U32)]), StringComparison.Ordinal);
    }

    [Fact]
    public void Lists_that_overlap_do_not_fill_the_hosts_memory()
    {
        using var guest = component.Start();
        // 2,000 strings, each the same 200,000 zero bytes.
        for (uint i = 0; i < 2_000; i++)
        {
            Poke(guest, 2048 + (i * 8) + 4, BitConverter.GetBytes(200_000));
        }

        Assert.Contains("more than the guest's memory warrants", guest.Trap("raw-e-strings", ComponentValue.U32(2048), ComponentValue.U32(2_000)), StringComparison.Ordinal);
    }

    [Fact]
    public void Unknown_flags_and_wide_integers_are_cut()
    {
        using var guest = component.Start();
        guest.Call("raw-e-few", ComponentValue.U32(0xffff_ffff));
        guest.Call("raw-e-u8", ComponentValue.U32(0x1234));
        guest.Call("raw-e-bool", ComponentValue.U32(2));
    }

    [Fact]
    public void Random_flat_values_only_trap()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var round = 0; round < 300; round++)
        {
            using var guest = component.Start();
            Poke(guest, 1000, [.. Enumerable.Range(0, 200).Select(_ => (byte)(random.Next(3) == 0 ? random.Next(256) : 0))]);
            foreach (var function in EchoInterface.Definition.Functions)
            {
                var type = function.Type!;
                var flat = type.ParametersAreSpilled ? [Components.Types.CoreType.I32] : type.ParameterTuple.Flat.ToArray();
                var outcome = guest.Outcome("raw-" + function.Name, [.. flat.Select(core => Random(core, random))]);
                if (outcome.End is { } end)
                {
                    Assert.False(string.IsNullOrEmpty(end.Trap?.Message), $"seed {seed}: {function.Name} ended without a reason");
                    break;
                }
            }
        }
    }

    private static ComponentValue Random(Components.Types.CoreType core, Random random)
    {
        var bits = random.Next(3) switch
        {
            0 => (uint)random.Next(4),
            1 => (uint)(1000 + (random.Next(20) * 8)),
            _ => (uint)random.NextInt64(1L << 32),
        };
        return core switch
        {
            Components.Types.CoreType.I32 => ComponentValue.U32(bits),
            Components.Types.CoreType.I64 => ComponentValue.U64(bits),
            Components.Types.CoreType.F32 => ComponentValue.F32(bits),
            _ => ComponentValue.F64(bits),
        };
    }

    private static void Poke(SampleGuest guest, uint address, byte[] bytes)
    {
        for (uint i = 0; i < bytes.Length; i++)
        {
            guest.Call("poke", ComponentValue.U32(address + i), ComponentValue.U32(bytes[i]));
        }
    }
}
