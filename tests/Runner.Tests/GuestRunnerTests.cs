using System.Diagnostics;
using System.Text;
using Skiff.Engine;
using Skiff.Guest;

namespace Skiff.Runner.Tests;

public sealed class GuestRunnerTests
{
    private readonly List<string> _printed = [];
    private readonly TaskCompletionSource<GuestExit> _abandoned = new();

    [Fact]
    public void The_tags_of_cache_and_engine_agree() =>
        Assert.Equal((CodeCache.EngineTag, CodeCache.BaselineTag), (WasmEngine.Tag, WasmEngine.BaselineTag));

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

    [Theory]
    [InlineData("add", "2 3", "5")]
    [InlineData("a:b/math#add", "2 3", "5")]
    [InlineData("a:b/math@1.0.0#add", "2 3", "5")]
    [InlineData("a:b/math@1.9.9#add", "2 3", "5")]
    [InlineData("length", "äöü", "6")]
    [InlineData("length", "\"a b\"", "3")]
    [InlineData("pick", "{first:1,second:none} true", "ok(1)")]
    [InlineData("pick", "{first:1} false", "err(no)")]
    public void An_export_of_a_component_takes_and_gives_values_as_text(string export, string words, string printed)
    {
        string[] arguments = words.Contains('"', StringComparison.Ordinal) ? [words] : words.Split(' ');
        var exit = Run(Texts.Values, spec => spec with { Export = export, ExportArguments = arguments });
        Assert.Equal([printed], _printed);
        Assert.Equal(printed.StartsWith("err", StringComparison.Ordinal) ? 1 : 0, exit.Code);
    }

    [Theory]
    [InlineData("add", "2", "a:b/math@1.2.0#add takes 2 arguments (func(a: u32, b: u32) -> u32), not 1")]
    [InlineData("add", "2 x", "'x' is not a value for the parameter b of a:b/math@1.2.0#add")]
    [InlineData("frobnicate", "", "the component exports no function frobnicate; it exports ")]
    [InlineData("a:b/math@2.0.0#add", "2 3", "the component exports no function a:b/math@2.0.0#add")]
    [InlineData("a:b/other#add", "2 3", "the component exports no function a:b/other#add")]
    public void What_cannot_be_called_of_a_component_is_said_too(string export, string words, string message)
    {
        var fault = Assert.Throws<GuestException>(() => Run(
            Texts.Values, spec => spec with { Export = export, ExportArguments = words.Split(' ', StringSplitOptions.RemoveEmptyEntries) }));
        Assert.StartsWith(message, fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, GuestForm.Command, "wasi:cli/run@0.2.3 run")]
    [InlineData("_start", GuestForm.Command, "wasi:cli/run@0.2.3 run")]
    [InlineData("wasi:cli/run", GuestForm.Command, "wasi:cli/run@0.2.3 run")]
    [InlineData("wasi:http/incoming-handler", GuestForm.HttpHandler, "wasi:http/incoming-handler@0.2.0 handle")]
    [InlineData("wasi:http/incoming-handler@0.2.9#handle", GuestForm.HttpHandler, "wasi:http/incoming-handler@0.2.0 handle")]
    public void A_component_that_is_command_and_handler_follows_the_entry_point(string? export, GuestForm form, string entry)
    {
        var kind = GuestKind.Detect(Components.Component.Parse(WasmEngine.FromText(Encoding.UTF8.GetBytes(Texts.Both))), export);
        Assert.Equal((form, entry), (kind.Form, string.Join(' ', kind.Entry)));
        Assert.Contains(form == GuestForm.Command && export is null or "_start" ? "and wasi:http/incoming-handler@0.2.0" : "entry point names", kind.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void Inspecting_a_component_compiles_nothing_and_tells_all()
    {
        using var folder = new TemporaryFolder();
        var cache = new CodeCache(Path.Combine(folder.Path, "cache"));
        var inspection = Inspection.Of("both.wat", Encoding.UTF8.GetBytes(Texts.Both), cache);
        Assert.True(inspection.Runs);
        Assert.Contains("wasi:http/incoming-handler@0.2.0", inspection.Verdict, StringComparison.Ordinal);
        Assert.Equal(["wasi:cli/run@0.2.3", "wasi:http/incoming-handler@0.2.0"], inspection.Exports.Select(export => export.Name));
        Assert.Equal("func() -> result<_, _>", inspection.Exports[0].Items[0].Type);
        Assert.False(Directory.Exists(cache.Root));
    }

    [Fact]
    public void Resources_of_a_guest_are_shown_by_the_names_that_it_exports_them_under()
    {
        using var folder = new TemporaryFolder();
        var inspection = Inspection.Of("things.wat", Encoding.UTF8.GetBytes(Texts.Things), new CodeCache(Path.Combine(folder.Path, "cache")));
        var exports = inspection.Exports.ToDictionary(export => export.Name);
        Assert.Equal(["resource", "func() -> thing"], [exports["thing"].Type, exports["make"].Type]);
        Assert.Equal(["thing: resource", "use: func(it: borrow<thing>)"], exports["a:b/users"].Items.Select(item => $"{item.Name}: {item.Type}"));
        Assert.Equal(
            ["other: resource", "[method]other.is: func(self: borrow<a:b/others.other>) -> bool"],
            exports["a:b/others"].Items.Select(item => $"{item.Name}: {item.Type}"));
    }

    [Fact]
    public void A_handler_is_said_to_be_served()
    {
        using var folder = new TemporaryFolder();
        var inspection = Inspection.Of("handler.wat", Encoding.UTF8.GetBytes(Texts.Handler), new CodeCache(Path.Combine(folder.Path, "cache")));
        Assert.True(inspection.Runs);
        Assert.Contains("skiff serve", inspection.Verdict, StringComparison.Ordinal);
        Assert.Contains("wasi:http/incoming-handler@0.2.0", inspection.Verdict, StringComparison.Ordinal);
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
    [InlineData("""(module (import "wasi_unstable" "fd_frobnicate" (func)) (func (export "_start")))""", "WASI Preview 0 has no such function")]
    [InlineData("""(module (import "wasi_snapshot_preview1" "fd_frobnicate" (func)) (func (export "_start")))""", "no such function")]
    [InlineData("""(module (import "wasi_snapshot_preview1" "fd_close" (func)) (func (export "_start")))""", "fd_close")]
    [InlineData("""(component (import "wasi:http/incoming-handler@0.2.3" (instance $h (export "f" (func)))) (alias export $h "f" (func $f)) (core func $low (canon lower (func $f))) (core module $m (import "" "f" (func)) (func (export "run") (result i32) (i32.const 0))) (core instance $i (instantiate $m (with "" (instance (export "f" (func $low)))))) (func $run (result (result)) (canon lift (core func $i "run"))) (instance $r (export "run" (func $run))) (export "wasi:cli/run@0.2.3" (instance $r)))""", "wasi:http/incoming-handler@0.2.3; what imports a handler passes requests on to it")]
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
    public void A_guest_asleep_in_the_host_is_woken_when_its_time_is_over()
    {
        var started = Stopwatch.StartNew();
        var exit = Run(Texts.Sleep, spec => spec with { Limits = GuestLimits.None with { WallTime = TimeSpan.FromMilliseconds(50) } });
        Assert.Equal(GuestExit.TimedOut, exit.Code);
        Assert.True(started.Elapsed < TimeSpan.FromMinutes(1), "the guest sleeps for an hour");
        Assert.False(_abandoned.Task.IsCompleted);
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
        Assert.Throws<DamagedCodeException>(() => Prepare(new CompiledCode("/dev/null", CodeKind.Module, []), spec => spec));

    private GuestExit Run(string text, Func<GuestSpec, GuestSpec>? change = null)
    {
        using var folder = new TemporaryFolder();
        var cache = new CodeCache(Path.Combine(folder.Path, "cache"));
        var module = new ModuleCompiler(cache, _ => Stream.Null, CodeCache.BytesMaxDefault).Compile("test", Encoding.UTF8.GetBytes(text));
        return Prepare(module.Code, change ?? (spec => spec));
    }

    private GuestExit Prepare(CompiledCode code, Func<GuestSpec, GuestSpec> change)
    {
        var runner = new GuestRunner(_printed.Add, exit => _abandoned.TrySetResult(exit), TimeProvider.System);
        using var guest = runner.Prepare(change(new GuestSpec
        {
            Arguments = ["test"],
            Environment = [],
            Code = code,
        }));
        return guest.Run();
    }
}
