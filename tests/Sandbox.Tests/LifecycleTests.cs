using System.Text;
using System.Text.Json.Nodes;
using Skiff.Guest;
using Skiff.Sandbox.Tests.Doubles;

namespace Skiff.Sandbox.Tests;

public sealed class LifecycleTests(SandboxFixture fixture)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    public static TheoryData<string> Runtimes => ["crun", "runc"];

    public static MatrixTheoryData<string, string> RuntimesAndKinds => new(["crun", "runc"], ["native", "wasm"]);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private TestBundle Bundle(string runtime, params IReadOnlyList<string> arguments) => new(fixture, arguments) { Runtime = runtime };

    private static async Task<int> EndAsync(IGuestProcess process) => (await process.Exit.WaitAsync(Patience, Cancellation)).Code;

    private static async Task<IGuest> StartedAsync(TestBundle bundle)
    {
        var guest = await bundle.CreateAsync();
        await guest.StartAsync(Cancellation);
        return guest;
    }

    // A refusal may already be the error of Create, when the run program is quicker than we are.
    private static async Task StartAndDeleteAsync(TestBundle bundle)
    {
        var guest = await bundle.CreateAsync();
        try
        {
            await guest.StartAsync(Cancellation);
        }
        finally
        {
            await guest.DeleteAsync(Cancellation);
        }
    }

    private static async Task DeleteAsync(TestBundle bundle, IGuest guest)
    {
        await guest.DeleteAsync(Cancellation);
        Assert.Empty(bundle.Traces());
    }

    private static async Task EventuallyAsync(Func<bool> condition)
    {
        for (var i = 0; i < 400 && !condition(); i++)
        {
            await Task.Delay(10, Cancellation);
        }

        Assert.True(condition());
    }

    /// <param name="mark">File that the hook makes. The hook reads its input to the end: crun dies of SIGPIPE when it does not.</param>
    private static JsonObject TouchingHook(string hook, string mark) => new()
    {
        [hook] = new JsonArray(new JsonObject { ["path"] = "/bin/sh", ["args"] = new JsonArray("sh", "-c", $"cat >/dev/null; touch {mark}") }),
    };

    private static byte[] ExecJson(params IReadOnlyList<string> arguments) => Encoding.UTF8.GetBytes(new JsonObject
    {
        ["user"] = new JsonObject { ["uid"] = 0, ["gid"] = 0 },
        ["args"] = new JsonArray([.. arguments.Select(a => JsonValue.Create(a))]),
        ["env"] = new JsonArray("PATH=/bin:/"),
        ["cwd"] = "/",
    }.ToJsonString());

    [Theory]
    [MemberData(nameof(Runtimes))]
    public async Task A_native_container_is_created_waits_runs_and_leaves_nothing(string runtime)
    {
        using var bundle = Bundle(runtime, "/native");
        var guest = await bundle.CreateAsync();
        Assert.Equal("", bundle.Output);
        Assert.False(guest.Exit.IsCompleted);
        Assert.NotEqual(
            new FileInfo("/proc/self/ns/net").LinkTarget, new FileInfo($"/proc/{guest.Pid}/ns/net").LinkTarget);
        Assert.Equal([guest.Pid], guest.Pids());

        await guest.StartAsync(Cancellation);
        Assert.Equal(0, await EndAsync(guest));
        Assert.Equal("hello\n", bundle.Output);
        Assert.False(guest.Signal(9));

        await guest.DeleteAsync(Cancellation);
        await DeleteAsync(bundle, guest);
    }

    [Theory]
    [MemberData(nameof(Runtimes))]
    public async Task A_guest_waits_at_its_gate_with_code_and_working_directory(string runtime)
    {
        using var bundle = Bundle(runtime, "/app.wasm#go", "a", "b c");
        bundle.Put("/app.wasm", fixture.CachedModule("gate"));
        var guest = await bundle.CreateAsync();
        Assert.False(guest.Exit.IsCompleted);
        Assert.Equal("", bundle.Output);

        await guest.StartAsync(Cancellation);
        Assert.Equal(0, await EndAsync(guest));
        Assert.Equal("run --gate --export go --kind module -- /app.wasm a b c\ncode \u007fELF\npwd /\n", bundle.Output);
        await DeleteAsync(bundle, guest);
    }

    [Theory]
    [MemberData(nameof(Runtimes))]
    public async Task A_root_file_system_that_cannot_be_written_needs_no_place_for_the_run_program(string runtime)
    {
        using var bundle = Bundle(runtime, "/app.wasm");
        bundle.ReadOnly = true;
        bundle.Put("/app.wasm", fixture.CachedModule("sealed"));
        var before = Directory.GetFileSystemEntries(bundle.Image).Order();
        var guest = await StartedAsync(bundle);
        Assert.Equal(0, await EndAsync(guest));
        Assert.StartsWith("run --gate", bundle.Output, StringComparison.Ordinal);
        await DeleteAsync(bundle, guest);
        Assert.Equal(before, Directory.GetFileSystemEntries(bundle.Image).Order());
    }

    [Theory]
    [MemberData(nameof(Runtimes))]
    public async Task A_refusal_of_the_run_program_is_the_error_of_start(string runtime)
    {
        using var bundle = Bundle(runtime, "/app.wasm", "refuse");
        bundle.Put("/app.wasm", fixture.CachedModule("refused"));
        var fault = await Assert.ThrowsAsync<SandboxException>(() => StartAndDeleteAsync(bundle));
        Assert.Equal("the module imports what nobody has", fault.Message);
        Assert.Equal(SandboxFault.InvalidArgument, fault.Fault);
        Assert.Empty(bundle.Traces());
    }

    [Fact]
    public async Task Code_that_does_not_load_is_taken_out_of_the_cache()
    {
        using var bundle = Bundle("crun", "/app.wasm", "damaged");
        var module = fixture.CachedModule("damaged");
        bundle.Put("/app.wasm", module);
        var entry = new CodeCache(fixture.Places.Cache).PathOf(ContentDigest.Of(module), CodeKind.Module);
        Assert.True(File.Exists(entry));
        var fault = await Assert.ThrowsAsync<SandboxException>(() => StartAndDeleteAsync(bundle));
        Assert.Contains("compiles it anew", fault.Message, StringComparison.Ordinal);
        Assert.Equal(SandboxFault.FailedPrecondition, fault.Fault);
        Assert.False(File.Exists(entry));
        Assert.Empty(bundle.Traces());
    }

    [Fact]
    public async Task With_hooks_between_create_and_start_they_run_at_start()
    {
        // Not with runc: 1.1 runs poststart hooks in create already.
        using var bundle = Bundle("crun", "/app.wasm");
        bundle.Put("/app.wasm", fixture.CachedModule("hooks"));
        var mark = Path.Combine(bundle.Folder, "started");
        bundle.Spec["hooks"] = TouchingHook("poststart", mark);
        var guest = await bundle.CreateAsync();
        Assert.False(File.Exists(mark));
        await guest.StartAsync(Cancellation);
        Assert.True(File.Exists(mark));
        Assert.Equal(0, await EndAsync(guest));
        await DeleteAsync(bundle, guest);
    }

    [Theory]
    [MemberData(nameof(RuntimesAndKinds))]
    public async Task A_guest_that_was_never_started_can_be_killed_and_deleted(string runtime, string kind)
    {
        using var bundle = Bundle(runtime, kind == "wasm" ? "/app.wasm" : "/native");
        bundle.Put("/app.wasm", fixture.CachedModule("unstarted"));
        var guest = await bundle.CreateAsync();
        Assert.True(guest.Signal(9));
        Assert.Equal(137, await EndAsync(guest));
        await guest.StartAsync(Cancellation);
        await guest.DeleteAsync(Cancellation);
        Assert.Equal("", bundle.Output);
        Assert.Empty(bundle.Traces());
    }

    [Theory]
    [MemberData(nameof(RuntimesAndKinds))]
    public async Task Delete_ends_a_living_guest(string runtime, string kind)
    {
        using var bundle = Bundle(runtime, kind == "wasm" ? "/app.wasm" : "/native", "sleep");
        bundle.Put("/app.wasm", fixture.CachedModule("living"));
        var guest = await StartedAsync(bundle);
        await guest.DeleteAsync(Cancellation);
        Assert.Equal(137, await EndAsync(guest));
        Assert.Empty(bundle.Traces());
    }

    [Theory]
    [MemberData(nameof(Runtimes))]
    public async Task Exec_runs_another_export_another_module_and_a_native_program(string runtime)
    {
        using var bundle = Bundle(runtime, "/app.wasm", "sleep");
        bundle.Put("/app.wasm", fixture.CachedModule("exec init"));
        bundle.Put("/other.wasm", fixture.CachedModule("exec other", CodeKind.Component));
        var guest = await StartedAsync(bundle);

        async Task<(int Code, string Output)> ExecAsync(string name, params IReadOnlyList<string> arguments)
        {
            var exec = guest.Exec(name, ExecJson(arguments), bundle.Stdio(name, name + ".err"));
            Assert.Equal(0, exec.Pid);
            await exec.StartAsync(Cancellation);
            Assert.NotEqual(0, exec.Pid);
            var code = await EndAsync(exec);
            return (code, File.ReadAllText(Path.Combine(bundle.Folder, name)));
        }

        Assert.Equal(
            (5, "run --gate --export probe --kind module -- /app.wasm exit 5\ncode \u007fELF\npwd /\n"), await ExecAsync("a", "#probe", "exit", "5"));
        Assert.Equal((0, "run --gate --kind component -- other.wasm\ncode \u007fELF\npwd /\n"), await ExecAsync("b", "other.wasm"));
        Assert.Equal((3, ""), await ExecAsync("c", "/native", "exit", "3"));
        Assert.Equal((0, "hello\n"), await ExecAsync("d", "native"));

        var missing = guest.Exec("e", ExecJson("/nothing"), bundle.Stdio("e", "e"));
        var fault = await Assert.ThrowsAsync<SandboxException>(() => missing.StartAsync(Cancellation));
        Assert.Contains("'#export' of its own module (/app.wasm)", fault.Message, StringComparison.Ordinal);
        Assert.Equal(126, await EndAsync(missing));

        var refused = guest.Exec("f", ExecJson("#x", "refuse"), bundle.Stdio("f", "f"));
        fault = await Assert.ThrowsAsync<SandboxException>(() => refused.StartAsync(Cancellation));
        Assert.Equal("the module imports what nobody has", fault.Message);
        Assert.Equal(126, await EndAsync(refused));

        await DeleteAsync(bundle, guest);
    }

    [Theory]
    [MemberData(nameof(Runtimes))]
    public async Task Signals_reach_the_init_and_everything_of_a_guest(string runtime)
    {
        using var bundle = Bundle(runtime, "/native", "term");
        var guest = await StartedAsync(bundle);
        var exec = guest.Exec("x", ExecJson("/native", "fork"), bundle.Stdio("x", "x"));
        await exec.StartAsync(Cancellation);
        await EventuallyAsync(() => guest.Pids().Count == 5);

        guest.SignalAll(15);
        Assert.Equal(143, await EndAsync(guest));
        Assert.True(await EndAsync(exec) is 137 or 143);
        await DeleteAsync(bundle, guest);
    }

    [Theory]
    [MemberData(nameof(Runtimes))]
    public async Task A_paused_guest_stands_still_and_can_be_deleted(string runtime)
    {
        using var bundle = Bundle(runtime, "/native", "sleep");
        var guest = await StartedAsync(bundle);
        await guest.PauseAsync(Cancellation);
        Assert.StartsWith("FR", guest.ControlGroup.TryRead("freezer", "freezer.state") ?? "FROZEN", StringComparison.Ordinal);
        await guest.ResumeAsync(Cancellation);
        await guest.PauseAsync(Cancellation);
        await guest.DeleteAsync(Cancellation);
        Assert.Equal(137, await EndAsync(guest));
        Assert.Empty(bundle.Traces());
    }

    [Theory]
    [MemberData(nameof(Runtimes))]
    public async Task Limits_are_updated_and_their_breach_is_counted(string runtime)
    {
        using var bundle = Bundle(runtime, "/native", "sleep");
        ((JsonObject)bundle.Linux["resources"]!)["memory"] = new JsonObject { ["limit"] = 64 << 20 };
        var guest = await StartedAsync(bundle);
        await guest.UpdateAsync("""{"memory":{"limit":16777216}}"""u8.ToArray(), Cancellation);
        var limit = guest.ControlGroup.TryRead("memory", "memory.limit_in_bytes") ?? guest.ControlGroup.TryRead("memory", "memory.max");
        Assert.Equal("16777216", limit?.Trim());

        var exec = guest.Exec("x", ExecJson("/native", "eat"), bundle.Stdio("x", "x"));
        await exec.StartAsync(Cancellation);
        Assert.Equal(137, await EndAsync(exec));
        Assert.True(guest.ControlGroup.OomKills() > 0);

        var fault = await Assert.ThrowsAsync<SandboxException>(() => guest.UpdateAsync("{"u8.ToArray(), Cancellation));
        Assert.Contains("update", fault.Message, StringComparison.Ordinal);
        await DeleteAsync(bundle, guest);
    }

    [Theory]
    [MemberData(nameof(Runtimes))]
    public async Task A_terminal_is_handed_over(string runtime)
    {
        using var bundle = Bundle(runtime, "/native", "tty");
        bundle.Terminal = true;
        var guest = await bundle.CreateAsync();
        Assert.NotNull(guest.Terminal);
        guest.Terminal.Resize(80, 25);
        await guest.StartAsync(Cancellation);
        Assert.Equal(0, await EndAsync(guest));
        var buffer = new byte[100];
        using var screen = new FileStream(guest.Terminal.Master, FileAccess.Read, bufferSize: 0);
        var count = await screen.ReadAsync(buffer, Cancellation);
        Assert.Equal("a terminal\r\n", Encoding.UTF8.GetString(buffer, 0, count));
        await DeleteAsync(bundle, guest);
        Assert.Empty(Directory.EnumerateFiles(fixture.Places.RunFolder, "tty.*"));
    }

    [Theory]
    [MemberData(nameof(Runtimes))]
    public async Task An_exec_can_have_a_terminal(string runtime)
    {
        using var bundle = Bundle(runtime, "/native", "sleep");
        var guest = await StartedAsync(bundle);
        var exec = guest.Exec("x", ExecJson("/native", "tty"), new GuestStdio(null, null, null, Terminal: true));
        await exec.StartAsync(Cancellation);
        Assert.Equal(0, await EndAsync(exec));
        Assert.NotNull(exec.Terminal);
        exec.Terminal.Dispose();
        await DeleteAsync(bundle, guest);
    }

    [Fact]
    public async Task Poststop_hooks_run_at_delete()
    {
        using var bundle = Bundle("crun", "/native");
        var mark = Path.Combine(bundle.Folder, "stopped");
        bundle.Spec["hooks"] = TouchingHook("poststop", mark);
        var guest = await StartedAsync(bundle);
        Assert.Equal(0, await EndAsync(guest));
        Assert.False(File.Exists(mark));
        await guest.DeleteAsync(Cancellation);
        Assert.True(File.Exists(mark));
    }
}
