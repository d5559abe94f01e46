using System.Text;
using Skiff.Engine;
using Skiff.Guest;
using Skiff.Testing;
using Skiff.Wasi.Quotas;

namespace Skiff.Wasi.Tests.Preview1;

/// <summary>
/// Every function of Preview 1 and 0 with random numbers for pointers, lengths and descriptors: nothing but an error number or
/// a trap may come of it, and no descriptor may be left over.
/// </summary>
public sealed class FuzzTests : IDisposable
{
    private const int CallsPerFunction = 400;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("wasi_snapshot_preview1")]
    [InlineData("wasi_unstable")]
    public void Random_arguments_give_an_error_number_and_leak_nothing(string module)
    {
        var seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        Directory.CreateDirectory(_folder["dir"]);
        File.WriteAllText(_folder["file"], "content");
        var functions = Preview1Functions.All.Where(f => module != "wasi_unstable" || f.Name != "sock_accept").ToArray();
        using (var guest = new CoreGuest(CoreGuest.Text(Module(module, functions)), new WasiContext
        {
            Arguments = ["fuzz"],
            Environment = [new("A", "B")],
            Preopens = [new Preopen(_folder.Path, "/", ReadOnly: false)],
            Quotas = new WasiQuotas(new GuestBounds { OpenFiles = 20 }, TimeProvider.System),
        }))
        {
            var random = new System.Random(seed);
            var instance = guest.Instantiate();
            foreach (var _ in Enumerable.Range(0, CallsPerFunction))
            {
                foreach (var (name, parameters) in functions)
                {
                    Fill(instance.FindMemory("memory")!.Value, random);
                    var values = parameters.Select(letter => Value(letter, random)).Append(0).ToArray();
                    if (name == "fd_allocate")
                    {
                        // Disk space is the test machine's.
                        values[1] = values[1].U64 & 0xFFFF;
                        values[2] = values[2].U64 & 0xFFFF;
                    }
                    else if (name == "poll_oneoff")
                    {
                        // Not for ever: the first subscription is one that is ready.
                        values[0] = 512;
                    }

                    var end = instance.FindFunction(name)!.Call(values);
                    Assert.True(end is null, $"seed {seed}: {name}: {end?.Trap?.Message}");
                    Assert.InRange(values[0].U32, 0u, 76u);
                }
            }
        }

        Assert.True(Directory.Exists(_folder.Path));
        Assert.Empty(OpenBeneath(_folder.Path));
    }

    [Fact]
    public void A_module_without_memory_traps()
    {
        const string Text = """
            (module
              (import "wasi_snapshot_preview1" "random_get" (func $f (param i32 i32) (result i32)))
              (func (export "_start") (drop (call $f (i32.const 0) (i32.const 4)))))
            """;
        using var guest = new CoreGuest(CoreGuest.Text(Text), new WasiContext());
        Assert.Contains("memory", guest.Start()?.Trap?.Message);
    }

    [Fact]
    public async Task A_guest_that_fills_its_whole_memory_with_random_bytes_can_be_stopped()
    {
        const string Text = """
            (module
              (import "wasi_snapshot_preview1" "random_get" (func $f (param i32 i32) (result i32)))
              (memory (export "memory") 16384)
              (func (export "_start") (loop $again (drop (call $f (i32.const 0) (i32.const 1073741824))) (br $again))))
            """;
        using var guest = new CoreGuest(CoreGuest.Text(Text), new WasiContext());
        var running = Task.Run(guest.Start);
        await Task.Delay(50);
        Assert.False(running.IsCompleted);
        guest.Store.Stop("enough");
        var end = await running.WaitAsync(TimeSpan.FromSeconds(5));
        Assert.Equal("enough", end?.Trap?.Message);
    }

    // Other tests run at the same time: only what is open in this test's folder counts.
    private static IEnumerable<string> OpenBeneath(string folder) => Directory.GetFiles("/proc/self/fd")
        .Select(link => new FileInfo(link).LinkTarget ?? "")
        .Where(target => target.StartsWith(folder, StringComparison.Ordinal));

    private static string Module(string module, (string Name, string Parameters)[] functions)
    {
        var text = new StringBuilder("(module ");
        foreach (var (name, parameters) in functions)
        {
            var types = string.Join(' ', parameters.Select(letter => letter == 'I' ? "i64" : "i32"));
            text.Append($"(import \"{module}\" \"{name}\" (func ${name} (param {types}) (result i32)))");
        }

        text.Append("(memory (export \"memory\") 2)");
        foreach (var (name, parameters) in functions)
        {
            var types = string.Join(' ', parameters.Select(letter => letter == 'I' ? "i64" : "i32"));
            var arguments = string.Concat(parameters.Select((_, index) => $"(local.get {index})"));
            text.Append($"(func (export \"{name}\") (param {types}) (result i32) (call ${name} {arguments}))");
        }

        return text.Append(')').ToString();
    }

    private static RawValue Value(char letter, System.Random random) => letter == 'I'
        ? random.Next(4) switch { 0 => random.NextInt64(), 1 => -1L, 2 => (long)random.Next(100), _ => 1L << random.Next(64) }
        : random.Next(6) switch
        {
            0 => random.Next(),
            1 => -random.Next(100),
            2 => random.Next(131072),
            3 => 131072 - random.Next(64),
            _ => random.Next(12),
        };

    // Half of it numbers that make sense as pointers and lengths, and some paths.
    private static void Fill(GuestMemory memory, System.Random random)
    {
        var bytes = memory.Slice(0u, 1024);
        bytes.Clear();
        for (var i = 0; i < 512; i += 4)
        {
            BitConverter.TryWriteBytes(bytes[i..], random.Next(3) == 0 ? random.Next() : random.Next(200));
        }

        foreach (var path in new[] { "dir", "file", "../x", "dir/../new", "." })
        {
            Encoding.ASCII.GetBytes(path).CopyTo(bytes[random.Next(12)..]);
        }

        // At 512: a clock that is over.
        bytes[512..600].Clear();
    }
}
