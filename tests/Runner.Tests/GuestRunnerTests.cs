using System.Text;
using Skiff.Engine;
using Skiff.Guest;

namespace Skiff.Runner.Tests;

public sealed class GuestRunnerTests
{
    private readonly List<string> _printed = [];
    private readonly TaskCompletionSource<GuestExit> _abandoned = new();

    [Fact]
    public void The_tags_of_cache_and_engine_agree() => Assert.Equal(CodeCache.EngineTag, WasmEngine.Tag);

    [Theory]
    [InlineData(0)]
    [InlineData(42)]
    [InlineData(126)]
    [InlineData(255)]
    public void Every_exit_code_passes(int code) => Assert.Equal(new GuestExit(code), Run(Texts.Exit(code)));

    [Fact]
    public void A_trap_is_134_with_text_and_backtrace()
    {
        var exit = Run(Texts.Trap);
        Assert.Equal(GuestExit.Trapped, exit.Code);
        Assert.Contains("unreachable", exit.Reason, StringComparison.Ordinal);
        Assert.Contains("at inner", exit.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_command_component_that_fails_exits_with_1() => Assert.Equal(new GuestExit(1), Run(Texts.Component));

    [Fact]
    public void An_export_is_called_and_its_results_are_printed()
    {
        Assert.Equal(new GuestExit(0), Run(Texts.Add, spec => spec with { Export = "add", ExportArguments = ["2", "0x10"] }));
        Assert.Equal(new GuestExit(0), Run(Texts.Component, spec => spec with { Export = "number" }));
        Assert.Equal(["18", "7"], _printed);
    }

    [Fact]
    public void A_reactor_is_initialized_before_its_export_is_called()
    {
        Run(Texts.Reactor, spec => spec with { Export = "ready" });
        Assert.Equal(["1"], _printed);
    }

    [Theory]
    [InlineData("missing", "add", "the module exports no function missing; it exports add, none")]
    [InlineData("add", "1", "add takes 2 arguments (func (i32, i32) -> i32), not 1")]
    public void What_cannot_be_called_is_said_with_what_can(string export, string argument, string message)
    {
        var fault = Assert.Throws<GuestException>(() => Run(Texts.Add, spec => spec with { Export = export, ExportArguments = [argument] }));
        Assert.Equal(message, fault.Message);
    }

    [Fact]
    public void A_library_without_a_name_to_call_is_refused_with_its_names()
    {
        var fault = Assert.Throws<GuestException>(() => Run(Texts.Add));
        Assert.Contains("it exports add, none", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""(module (import "env" "f" (func (param i32))) (func (export "_start")))""", "env.f (func (i32))")]
    [InlineData("""(module (import "wasi_unstable" "fd_write" (func)) (func (export "_start")))""", "Preview 0")]
    [InlineData("""(module (import "wasi_snapshot_preview1" "fd_frobnicate" (func)) (func (export "_start")))""", "no such function")]
    [InlineData("""(module (import "wasi_snapshot_preview1" "fd_close" (func)) (func (export "_start")))""", "fd_close")]
    [InlineData("""(component (import "wasi:http/outgoing-handler@0.2.3" (instance)) (core module $m (func (export "f") (result i32) (i32.const 0))) (core instance $i (instantiate $m)) (func $f (result (result)) (canon lift (core func $i "f"))) (instance $r (export "run" (func $f))) (export "wasi:cli/run@0.2.3" (instance $r)))""", "wasi:http is not offered yet")]
    [InlineData("""(component (component $h) (instance $r (instantiate $h)) (export "wasi:http/incoming-handler@0.2.0" (instance $r)))""", "answers HTTP requests")]
    public void What_Skiff_does_not_offer_is_named(string text, string expected)
    {
        var fault = Assert.Throws<GuestException>(() => Run(text));
        Assert.Contains(expected, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_endless_loop_ends_when_its_time_is_over()
    {
        var exit = Run(Texts.Loop, spec => spec with { Limits = GuestLimits.None with { WallTime = TimeSpan.FromMilliseconds(100) } });
        Assert.Equal(GuestExit.TimedOut, exit.Code);
        Assert.False(_abandoned.Task.IsCompleted);
    }

    [Fact]
    public async Task A_guest_asleep_in_the_host_is_abandoned_when_its_time_is_over()
    {
        // Half a second instead of an hour, so that the thread comes back.
        var text = Texts.Sleep.Replace("3600000000000", "500000000", StringComparison.Ordinal);
        var run = Task.Run(() => Run(text, spec => spec with { Limits = GuestLimits.None with { WallTime = TimeSpan.FromMilliseconds(50) } }));
        Assert.Equal(GuestExit.TimedOut, (await _abandoned.Task).Code);
        await run;
    }

    [Fact]
    public void Memory_beyond_the_limit_is_refused_to_the_guest()
    {
        var text = """(module (memory 1) (func (export "grow") (result i32) (memory.grow (i32.const 100))))""";
        Run(text, spec => spec with { Export = "grow", Limits = GuestLimits.None with { MemoryBytes = 1 << 20 } });
        Run(text, spec => spec with { Export = "grow" });
        Assert.Equal(["-1", "1"], _printed);
    }

    [Fact]
    public void A_directory_that_is_not_there_is_named()
    {
        var fault = Assert.Throws<GuestException>(() => Run(
            Texts.Hello, spec => spec with { Directories = [new GuestDirectory("/nowhere", "/", false)] }));
        Assert.Contains("/nowhere", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Code_that_does_not_load_is_told_from_a_guest_that_cannot_run() =>
        Assert.Throws<DamagedCodeException>(() => Prepare(Encoding.UTF8.GetBytes("no code"), CodeKind.Module, spec => spec));

    private GuestExit Run(string text, Func<GuestSpec, GuestSpec>? change = null)
    {
        using var code = ModuleCompiler.CompileOnly("test", Encoding.UTF8.GetBytes(text), out var kind);
        return Prepare(code.Bytes, kind, change ?? (spec => spec));
    }

    private GuestExit Prepare(ReadOnlySpan<byte> code, CodeKind kind, Func<GuestSpec, GuestSpec> change)
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "code");
        File.WriteAllBytes(path, code);
        var runner = new GuestRunner(_printed.Add, exit => _abandoned.TrySetResult(exit), TimeProvider.System);
        using var guest = runner.Prepare(change(new GuestSpec
        {
            Arguments = ["test"],
            Environment = [],
            Code = new CompiledCode(path, kind),
        }));
        return guest.Run();
    }
}
