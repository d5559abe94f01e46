using Skiff.Linux;
using Skiff.Runner.Tests;

namespace Skiff.Cli.Tests;

public sealed class RunCommandTests : IDisposable
{
    private readonly SkiffProgram _skiff = new();

    public void Dispose() => _skiff.Dispose();

    [Fact]
    public async Task A_text_runs_and_its_output_is_its_own()
    {
        var result = await _skiff.RunAsync("run", _skiff.File("hello.wat", Texts.Hello));
        Assert.Equal((0, "hello\n", ""), (result.Exit.Code, result.Output, result.ErrorOutput));
    }

    [Fact]
    public async Task A_trap_is_134_and_its_backtrace_is_on_stderr()
    {
        var result = await _skiff.RunAsync("run", _skiff.File("trap.wat", Texts.Trap));
        Assert.Equal((134, ""), (result.Exit.Code, result.Output));
        Assert.Contains("at inner (+0x", result.ErrorOutput, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Signals.SIGTERM, true)]
    [InlineData(Signals.SIGTERM, false)]
    [InlineData(Signals.SIGINT, true)]
    [InlineData(Signals.SIGQUIT, false)]
    [InlineData(Signals.SIGHUP, true)]
    public async Task A_signal_ends_a_guest_at_once_whatever_it_does(int signal, bool loops)
    {
        using var code = _skiff.Compile(loops ? Texts.Loop : Texts.Sleep);
        var (ours, theirs) = Descriptors.SocketPair();
        using (ours)
        {
            var process = _skiff.Spawn(["run", "--gate", "--kind", "module", "--", "guest"], null, theirs, code);
            theirs.Dispose();
            Assert.Equal("ready\n", Gate.Read(ours));
            Gate.Write(ours, "start\n");
            // Once the socket is closed the guest runs.
            Assert.Equal("", Gate.Read(ours));
            process.Signal(signal);
            Assert.Equal(128 + signal, (await process.Exit).Code);
        }
    }

    [Fact]
    public async Task What_follows_the_file_belongs_to_the_guest()
    {
        var file = _skiff.File("add.wat", Texts.Add);
        var result = await _skiff.RunAsync("run", "--invoke", "add", file, "-5", "7");
        Assert.Equal((0, "2\n"), (result.Exit.Code, result.Output));
        Assert.Equal("2\n", (await _skiff.RunAsync("run", file + "#add", "-5", "7")).Output);
    }

    [Theory]
    [InlineData("--env", "NO_SUCH_VARIABLE", "NO_SUCH_VARIABLE")]
    [InlineData("--dir", "/no/such/folder", "/no/such/folder")]
    [InlineData("--memory", "lots", "64m")]
    [InlineData("--timeout", "-1", "500ms")]
    public async Task A_wrong_option_is_refused_with_what_would_be_right(string option, string value, string expected)
    {
        var result = await _skiff.RunAsync("run", option, value, _skiff.File("hello.wat", Texts.Hello));
        Assert.Equal((126, ""), (result.Exit.Code, result.Output));
        Assert.Contains(expected, result.ErrorOutput, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sleeping_guest_ends_when_its_time_is_over()
    {
        var result = await _skiff.RunAsync("run", "--timeout", "200ms", _skiff.File("sleep.wat", Texts.Sleep));
        Assert.Equal(124, result.Exit.Code);
        Assert.Contains("--timeout", result.ErrorOutput, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_kept_without_a_cache()
    {
        var result = await _skiff.RunAsync("run", "--no-cache", _skiff.File("hello.wat", Texts.Hello));
        Assert.Equal((0, "hello\n"), (result.Exit.Code, result.Output));
        Assert.False(Directory.Exists(_skiff.Cache));
    }

    [Fact]
    public async Task A_damaged_entry_of_the_right_length_is_compiled_again()
    {
        var file = _skiff.File("hello.wat", Texts.Hello);
        await _skiff.RunAsync("compile", file);
        var entry = Assert.Single(new Guest.CodeCache(_skiff.Cache).List());
        var bytes = await File.ReadAllBytesAsync(entry.Path, TestContext.Current.CancellationToken);
        // Only the ELF header stays as it was.
        bytes.AsSpan(64).Fill(0xEE);
        File.SetUnixFileMode(entry.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await File.WriteAllBytesAsync(entry.Path, bytes, TestContext.Current.CancellationToken);
        var result = await _skiff.RunAsync("run", file);
        Assert.Equal((0, "hello\n", ""), (result.Exit.Code, result.Output, result.ErrorOutput));
    }
}
