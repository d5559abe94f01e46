using System.Diagnostics;
using System.Globalization;
using System.Text;
using Skiff.Components.Linking;

namespace Skiff.Components.Tests.Binary;

/// <summary>Damaged and malicious files: a <see cref="ComponentException"/> and nothing else, in little time and memory.</summary>
public sealed class HostileTests(ITestOutputHelper output)
{
    /// <summary>Larger components are cut and mutated in their front part, where all but the last sections are.</summary>
    private const int BytesMax = 48 * 1024;

    private const int AllocationMax = 96 * 1024 * 1024;
    private static readonly TimeSpan TimeMax = TimeSpan.FromSeconds(10);

    [Fact]
    public void A_component_cut_at_any_byte_is_refused()
    {
        foreach (var (name, bytes) in Subjects().Where(subject => subject.Bytes.Length <= BytesMax))
        {
            // A cut between two sections leaves a shorter component, which may be a whole one.
            var whole = 0;
            for (var length = 0; length < bytes.Length; length++)
            {
                whole += TryLink(bytes.AsMemory(0, length)) ? 1 : 0;
            }

            output.WriteLine($"{name}: {whole} of {bytes.Length} cuts leave a component");
            Assert.InRange(whole, 0, 200);
        }
    }

    [Fact]
    public void Mutated_components_are_linked_or_refused()
    {
        var seed = Environment.GetEnvironmentVariable("SKIFF_SEED") is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : Environment.TickCount;
        output.WriteLine($"SKIFF_SEED={seed}");
        var random = new Random(seed);
        var subjects = Subjects().ToList();
        var deadline = Stopwatch.StartNew();
        var (runs, linked) = (0, 0);
        while (runs < 40_000 && deadline.Elapsed < TimeSpan.FromSeconds(12))
        {
            var original = subjects[random.Next(subjects.Count)].Bytes;
            // The rest of a large file is one core module, of which only sizes are read.
            var bytes = original.Length > 1 << 20 ? original[..(1 << 16)] : (byte[])original.Clone();
            Mutate(random, bytes);
            linked += TryLink(bytes, $"seed {seed}, run {runs}") ? 1 : 0;
            runs++;
        }

        output.WriteLine($"{runs} runs, {linked} still linked");
        Assert.True(runs > 1_000, $"only {runs} runs");
    }

    public static TheoryData<string, string> Bombs => new()
    {
        { "components that instantiate one another twice", "(component $c0)" + Repeat(1, 40, i => $"(component $c{i} (alias outer 1 {i - 1} (component $x)) (instance (instantiate $x)) (instance (instantiate $x)))") + "(instance (instantiate $c40))" },
        { "a long chain of components", "(component $c0)" + Repeat(1, 2_000, i => $"(component $c{i} (alias outer 1 {i - 1} (component $x)) (instance (instantiate $x)))") + "(instance (instantiate $c2000))" },
        { "instances that hold one another twice", "(type $t u8) (instance $i0 (export \"t\" (type $t)))" + Repeat(1, 40, i => $"(instance $i{i} (export \"a\" (instance $i{i - 1})) (export \"b\" (instance $i{i - 1})))") + "(export \"x\" (instance $i40))" },
        { "a long chain of instances", "(type $t u8) (instance $i0 (export \"t\" (type $t)))" + Repeat(1, 5_000, i => $"(instance $i{i} (export \"a\" (instance $i{i - 1})))") + "(export \"x\" (instance $i5000))" },
        { "instance types that hold one another twice", "(type $t0 (instance))" + Repeat(1, 40, i => $"(type $t{i} (instance (alias outer 1 {i - 1} (type $u)) (export \"a\" (instance (type $u))) (export \"b\" (instance (type $u)))))") + "(import \"x\" (instance (type $t40)))" },
        { "a long chain of instance types", "(type $t0 (instance))" + Repeat(1, 5_000, i => $"(type $t{i} (instance (alias outer 1 {i - 1} (type $u)) (export \"a\" (instance (type $u)))))") + "(import \"x\" (instance (type $t5000)))" },
        { "many core instances of one module", "(core module $m)" + "(component $c (alias outer 1 0 (core module $m))" + Repeat(0, 200, _ => "(core instance (instantiate $m))") + ")" + Repeat(0, 200, _ => "(instance (instantiate $c))") },
        { "large types compared again and again", Comparisons() },
    };

    [Theory]
    [MemberData(nameof(Bombs))]
    public void A_small_file_that_asks_for_very_much_is_refused(string what, string definitions)
    {
        var bytes = ComponentText.ToBinary($"(component {definitions})");
        var reason = Assert.Throws<ComponentException>(() => Measured(bytes, what)).Message;
        Assert.True(reason.Contains("too large", StringComparison.Ordinal) || reason.Contains("deep", StringComparison.Ordinal) || reason.Contains("instances", StringComparison.Ordinal), reason);
    }

    [Fact]
    public void Large_types_are_flattened_once()
    {
        // Written out these have 2^12 members; each shares its part with itself.
        var types = Repeat(1, 12, i => $"(type $t{i} (result $t{i - 1} (error $t{i - 1})))");
        var bytes = ComponentText.ToBinary($"(component (type $t0 u64) {types} {Repeat(0, 300, i => $"(import \"f{i}\" (func (param \"a\" $t12)))")})");
        Measured(bytes, "shared types");
    }

    private static string Comparisons()
    {
        // Two types of 60,000 members, equal to the last, and a component that is given 100 functions of the one for the other.
        static string Types(string name) => $"(type ${name}0 (tuple {Repeat(0, 60, _ => "u8 ")}))"
            + $"(type ${name}1 (tuple {Repeat(0, 60, _ => $"${name}0 ")}))"
            + $"(type ${name} (tuple {Repeat(0, 16, _ => $"${name}1 ")}))";
        return Types("a")
            + "(core module $m (memory (export \"memory\") 1) (func (export \"f\") (param i32)) (func (export \"realloc\") (param i32 i32 i32 i32) (result i32) unreachable)) (core instance $m (instantiate $m))"
            + "(func $f (param \"x\" $a) (canon lift (core func $m \"f\") (memory (core memory $m \"memory\")) (realloc (core func $m \"realloc\"))))"
            + $"(component $c {Types("b")} {Repeat(0, 100, i => $"(import \"f{i}\" (func (param \"x\" $b)))")})"
            + $"(instance (instantiate $c {Repeat(0, 100, i => $"(with \"f{i}\" (func $f))")}))";
    }

    private static IEnumerable<(string Name, byte[] Bytes)> Subjects()
    {
        foreach (var (name, bytes) in RealComponents.All)
        {
            yield return (name, bytes);
        }

        yield return ("text", ComponentText.ToBinary("""
            (component
              (import "a:b/c@0.2.1" (instance $i
                (type $l (list string)) (type $v (variant (case "a" u8) (case "b" $l)))
                (export "r" (type $r (sub resource))) (export "v" (type $v2 (eq $v)))
                (export "f" (func (param "x" (borrow $r)) (result $v2)))))
              (type $flags (flags "a" "b")) (type $enum (enum "x" "y")) (type $opt (option f64))
              (component $c (import "f" (func $f)) (export "g" (func $f)))
              (core module $m (memory (export "memory") 1) (func (export "f")))
              (core instance $m (instantiate $m))
              (type $r (resource (rep i32)))
              (core func $drop (canon resource.drop $r))
              (core func $task (canon task.return (result u32)))
              (func $f (canon lift (core func $m "f")))
              (instance $n (instantiate $c (with "f" (func $f))))
              (export "g" (func $n "g")) (export "i" (instance $n)))
            """));
    }

    private static void Mutate(Random random, byte[] bytes)
    {
        for (var changes = random.Next(1, 6); changes > 0; changes--)
        {
            // Most of a file is code, where changes tell nothing; the structure is at the front and at the end.
            var region = Math.Min(bytes.Length, 8 * 1024);
            var at = random.Next(4) switch
            {
                0 => bytes.Length - 1 - random.Next(region),
                1 => random.Next(bytes.Length),
                _ => random.Next(region),
            };
            bytes[at] = random.Next(4) switch
            {
                0 => (byte)random.Next(256),
                1 => (byte)(bytes[at] ^ (1 << random.Next(8))),
                2 => (byte)(bytes[at] + random.Next(-2, 3)),
                _ => bytes[random.Next(bytes.Length)],
            };
        }
    }

    private static bool TryLink(ReadOnlyMemory<byte> bytes, string what = "")
    {
        try
        {
            Measured(bytes, what);
            return true;
        }
        catch (ComponentException)
        {
            return false;
        }
    }

    private static LinkPlan Measured(ReadOnlyMemory<byte> bytes, string what)
    {
        var (time, allocated) = (Stopwatch.GetTimestamp(), GC.GetAllocatedBytesForCurrentThread());
        try
        {
            return Component.Parse(bytes);
        }
        finally
        {
            Assert.True(Stopwatch.GetElapsedTime(time) < TimeMax, $"{what}: {Stopwatch.GetElapsedTime(time)}");
            var bytesMore = GC.GetAllocatedBytesForCurrentThread() - allocated;
            Assert.True(bytesMore < AllocationMax, $"{what}: {bytesMore} bytes allocated");
        }
    }

    private static string Repeat(int first, int count, Func<int, string> text)
    {
        var all = new StringBuilder();
        for (var i = first; i < first + count; i++)
        {
            all.Append(text(i));
        }

        return all.ToString();
    }
}
