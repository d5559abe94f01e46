using System.Diagnostics;
using System.Text;
using Skiff.Linux;
using Skiff.Linux.Files;
using Skiff.Wasi.Streams;

namespace Skiff.Wasi.Tests.Preview1;

/// <summary>Programs of real toolchains: wasi-libc and Rust's standard library.</summary>
public sealed class ProgramTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("toolbox.wasm")]
    [InlineData("rustbox.wasm")]
    public void Arguments_reach_a_program(string program)
    {
        using var guest = new CoreGuest(CoreGuest.Program(program), Context(program, "args", "eins", "zwei drei", "äöü"));
        Assert.Equal(0, guest.Run());
        Assert.Contains("zwei drei", guest.Printed);
        Assert.Contains("äöü", guest.Printed);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(126)]
    [InlineData(255)]
    public void Every_exit_code_is_passed_on(int code)
    {
        using var guest = new CoreGuest(CoreGuest.Program("rustbox.wasm"), Context("rustbox", "exit", $"{code}"));
        Assert.Equal(code, guest.Run());
    }

    [Fact]
    public void The_environment_is_what_was_granted_and_nothing_else()
    {
        var context = Context("toolbox", "env") with { Environment = [new("A", "1"), new("B", "x=y")] };
        using var guest = new CoreGuest(CoreGuest.Program("toolbox.wasm"), context);
        Assert.Equal(0, guest.Run());
        Assert.Equal("A=1\nB=x=y\n", guest.Printed);
    }

    [Fact]
    public void Files_are_written_read_listed_and_described()
    {
        Directory.CreateDirectory(_folder["sub"]);
        Assert.Equal((0, ""), Run(readOnly: false, "write", "/data/sub/file", "some text"));
        Assert.Equal("some text", File.ReadAllText(_folder["sub/file"]));
        Assert.Equal((0, "some text"), Run(readOnly: false, "read", "/data/sub/file"));
        var (code, listed) = Run(readOnly: false, "list", "/data/sub");
        Assert.Equal(0, code);
        Assert.Equal([".", "..", "file"], listed.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order());
        Assert.Equal((0, "file 9\n"), Run(readOnly: true, "stat", "/data/sub/file"));
        Assert.Equal((1, ""), Run(readOnly: true, "write", "/data/sub/other", "x"));
        Assert.Equal((1, ""), Run(readOnly: false, "read", "/etc/passwd"));
        Assert.False(File.Exists(_folder["sub/other"]));
    }

    [Fact]
    public async Task A_program_that_sleeps_or_reads_is_stopped_within_ten_milliseconds()
    {
        using var readiness = new ReadinessLoop();
        var best = new Dictionary<string, TimeSpan>();
        foreach (var (verb, argument) in new[] { ("sleep", "3600"), ("cat", "") })
        {
            // The best of some: a busy machine starts threads late, a missing wake-up would show every time.
            for (var i = 0; i < 4; i++)
            {
                var (read, write) = Descriptors.Pipe();
                var streams = new StandardStreams(
                    new DescriptorInputStream(new SharedDescriptor(read, false), readiness), new DiscardingOutputStream(), new DiscardingOutputStream());
                using var guest = new CoreGuest(CoreGuest.Program("toolbox.wasm"), Context("toolbox", verb, argument) with { Stdio = streams });
                var running = Task.Run(guest.Start);
                await Task.Delay(50);
                Assert.False(running.IsCompleted, verb);
                var watch = Stopwatch.StartNew();
                guest.Store.Stop("the test says so");
                var end = await running;
                var taken = watch.Elapsed;
                Assert.Equal("the test says so", end?.Trap?.Message);
                best[verb] = best.TryGetValue(verb, out var before) && before < taken ? before : taken;
                write.Dispose();
            }
        }

        Assert.All(best, pair => Assert.True(pair.Value < TimeSpan.FromMilliseconds(10), $"{pair.Key}: {pair.Value}"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Standard_input_is_awaited_on_a_thread_and_on_a_fiber(bool fiber)
    {
        using var readiness = new ReadinessLoop();
        var (read, write) = Descriptors.Pipe();
        using var output = new MemoryOutputStream(1 << 20);
        var streams = new StandardStreams(new DescriptorInputStream(new SharedDescriptor(read, false), readiness), output, new DiscardingOutputStream());
        using var guest = new CoreGuest(CoreGuest.Program("toolbox.wasm"), Context("toolbox", "cat") with { Stdio = streams }, fiber);
        var running = fiber ? guest.StartOnFiberAsync() : Task.Run(guest.Start);
        for (var i = 0; i < 3; i++)
        {
            await Task.Delay(20);
            StreamIO.Write(write, Encoding.ASCII.GetBytes($"line {i}\n"));
        }

        Assert.False(running.IsCompleted);
        write.Dispose();
        var end = await running;
        Assert.True(end is null or { ExitStatus: 0 }, end?.Trap?.Message);
        Assert.Equal("line 0\nline 1\nline 2\n", Encoding.ASCII.GetString(output.ToArray()));
    }

    [Fact]
    public async Task Output_to_a_slow_reader_arrives_whole()
    {
        const int Bytes = 3_000_000;
        using var readiness = new ReadinessLoop();
        var (read, write) = Descriptors.Pipe();
        var streams = new StandardStreams(
            new ClosedInputStream(), new DescriptorOutputStream(new SharedDescriptor(write, false), readiness), new DiscardingOutputStream());
        using var guest = new CoreGuest(CoreGuest.Program("toolbox.wasm"), Context("toolbox", "spam", $"{Bytes}") with { Stdio = streams });
        var running = Task.Run(() =>
        {
            var code = guest.Run();
            streams.FlushAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
            streams.Output.Dispose();
            return code;
        });
        long received = 0;
        var buffer = new byte[100_000];
        await Task.Delay(50);
        Assert.False(running.IsCompleted);
        while (StreamIO.Read(read, buffer) is > 0 and var count)
        {
            received += count;
        }

        Assert.Equal(0, await running);
        Assert.Equal(Bytes, received);
        read.Dispose();
    }

    [Fact]
    public void An_old_program_of_Preview_0_runs()
    {
        using var guest = new CoreGuest(CoreGuest.Program("unstable.wasm"), Context("unstable") with
        {
            Preopens = [new Preopen(_folder.Path, "/", ReadOnly: false)],
        });
        guest.Run();
    }

    private static WasiContext Context(params string[] arguments) => new() { Arguments = arguments };

    private (int Code, string Printed) Run(bool readOnly, params string[] arguments)
    {
        var context = Context(["toolbox", .. arguments]) with { Preopens = [new Preopen(_folder.Path, "/data", readOnly)] };
        using var guest = new CoreGuest(CoreGuest.Program("toolbox.wasm"), context);
        var code = guest.Run();
        Assert.Equal(code == 0, guest.Complained.Length == 0);
        return (code, guest.Printed);
    }
}
