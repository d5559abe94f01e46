using System.Text;
using Skiff.Linux.Tests.Doubles;

namespace Skiff.Linux.Tests;

public sealed class ChildReaperTests(ReaperFixture fixture)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly ChildReaper _reaper = fixture.Reaper;

    [Fact]
    public async Task The_exit_code_of_a_program_arrives()
    {
        var exit = await _reaper.Spawn(ReaperFixture.Shell("exit 42")).Exit.WaitAsync(Patience);
        Assert.Equal((42, 0), (exit.Code, exit.Signal));
    }

    [Fact]
    public async Task An_end_by_signal_is_told_as_128_and_the_signal()
    {
        var child = _reaper.Spawn(ReaperFixture.Shell("exec sleep 100"));
        Assert.True(child.Signal(Signals.SIGTERM));
        var exit = await child.Exit.WaitAsync(Patience);
        Assert.Equal((143, 15), (exit.Code, exit.Signal));
        Assert.False(child.Signal(Signals.SIGTERM));
    }

    [Fact]
    public void A_missing_program_is_named_in_the_error()
    {
        var error = Assert.Throws<LinuxException>(() => _reaper.Spawn(new() { Program = "/no/such/program", Arguments = ["x"] }));
        Assert.Equal(Errno.ENOENT, error.Errno);
        Assert.Contains("/no/such/program", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Programs_that_cannot_be_executed_do_not_disturb_those_that_can()
    {
        // posix_spawn reaps such a child itself, while the reaper may already have seen it.
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 200; i++)
            {
                Assert.Throws<LinuxException>(() => _reaper.Spawn(new() { Program = "/", Arguments = ["x"] }));
            }
        })));
        Assert.Equal(5, (await _reaper.Spawn(ReaperFixture.Shell("exit 5")).Exit.WaitAsync(Patience)).Code);
    }

    [Fact]
    public void A_zero_byte_in_an_argument_is_refused()
    {
        var error = Assert.Throws<LinuxException>(() => _reaper.Spawn(new() { Program = "/bin/true", Arguments = ["true", "a\0b"] }));
        Assert.Equal(Errno.EINVAL, error.Errno);
    }

    [Fact]
    public void A_second_reaper_in_the_process_is_refused() =>
        Assert.Throws<InvalidOperationException>(() => new ChildReaper(TimeProvider.System, subreaper: false));

    [Fact]
    public async Task Output_and_errors_are_captured()
    {
        var result = await fixture.RunShell("echo out; echo err >&2; exit 3");
        Assert.Equal((3, "out\n", "err\n"), (result.Exit.Code, result.Output, result.ErrorOutput));
    }

    [Fact]
    public async Task Captured_output_is_bounded()
    {
        var result = await fixture.RunShell("head -c 1000000 /dev/zero | tr '\\0' x");
        Assert.Equal(ChildReaper.OutputBytesMax, result.Output.Length);
    }

    [Fact]
    public async Task A_grandchild_that_holds_the_output_open_does_not_delay_the_result()
    {
        var result = await fixture.RunShell("sleep 100 & echo $!");
        Assert.Equal(0, result.Exit.Code);
        Assert.True(ProcessIdentity.TryRead(int.Parse(result.Output.Trim(), null))!.Value.Signal(Signals.SIGKILL));
    }

    [Fact]
    public async Task A_program_that_overstays_is_killed_and_its_complaint_quoted()
    {
        var request = ReaperFixture.Shell("echo stuck >&2; exec sleep 100");
        var error = await Assert.ThrowsAsync<TimeoutException>(() => _reaper.RunAsync(request, TimeSpan.FromMilliseconds(300), CancellationToken.None));
        Assert.Contains("stuck", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cancelled_program_has_ended_when_the_call_returns()
    {
        using var folder = new TemporaryFolder();
        using var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
        var request = ReaperFixture.Shell($"echo $$ > {folder["pid"]}; exec sleep 100");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _reaper.RunAsync(request, Patience, cancellation.Token));
        Assert.Null(ProcessIdentity.TryRead(int.Parse((await File.ReadAllTextAsync(folder["pid"])).Trim(), null)));
    }

    [Fact]
    public async Task A_program_runs_in_its_folder_with_its_environment_only()
    {
        var request = new SpawnRequest
        {
            Program = "/bin/sh",
            Arguments = ["sh", "-c", "pwd; env | grep -v -e ^PWD= -e ^_= -e ^OLDPWD= -e ^SHLVL="],
            Environment = ["ONLY=this", "PATH=/bin:/usr/bin"],
            WorkingDirectory = "/usr",
        };
        var result = await _reaper.RunAsync(request, Patience, CancellationToken.None);
        Assert.Equal(["/usr", "ONLY=this", "PATH=/bin:/usr/bin"], result.Output.TrimEnd().Split('\n').Order());
    }

    [Fact]
    public async Task The_child_has_every_signal_at_its_default_and_none_blocked()
    {
        var result = await fixture.RunShell("grep -e SigIgn -e SigBlk /proc/self/status");
        Assert.All(result.Output.TrimEnd().Split('\n'), line => Assert.EndsWith("0000000000000000", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_new_session_is_its_own_leader()
    {
        var result = await _reaper.RunAsync(ReaperFixture.Shell("echo $$ $(cut -d' ' -f6 /proc/$$/stat)") with { NewSession = true }, Patience, CancellationToken.None);
        var numbers = result.Output.Trim().Split(' ');
        Assert.Equal(numbers[0], numbers[1]);
    }

    [Fact]
    public async Task Inherited_descriptors_keep_their_order_and_nothing_else_is_open()
    {
        using var first = Descriptors.Memory("first", "1"u8);
        using var second = Descriptors.Memory("second", "2"u8);
        // A descriptor without close-on-exec, as a careless parent leaves it.
        using var leaked = Descriptors.Duplicate(first);
        Assert.Equal(0, Libc.fcntl(leaked, Libc.F_SETFD, 0));
        var request = ReaperFixture.Shell("cat <&4; cat <&3; ls /proc/$$/fd") with { Inherited = [first, second] };
        var result = await _reaper.RunAsync(request, Patience, CancellationToken.None);
        Assert.Equal("210\n1\n2\n3\n4\n", result.Output);
    }

    [Fact]
    public async Task Two_hundred_programs_at_once_end_each_with_its_own_code_and_leave_no_descriptor()
    {
        await fixture.RunShell("true");
        var before = Directory.GetFiles("/proc/self/fd").Length;
        var codes = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Task.Run(async () =>
        {
            var result = await fixture.RunShell($"ls /proc/$$/fd; exit {i % 100}");
            Assert.Equal("0\n1\n2\n", result.Output);
            return result.Exit.Code;
        })));
        Assert.Equal(Enumerable.Range(0, 200).Select(i => i % 100), codes);
        Assert.InRange(Directory.GetFiles("/proc/self/fd").Length, 0, before + 20);
    }

    [Fact]
    public async Task An_orphan_is_adopted_alive_and_its_exit_known()
    {
        var result = await fixture.RunShell("(sleep 0.5; exit 7) >/dev/null & echo $!");
        var orphan = _reaper.Adopt(int.Parse(result.Output.Trim(), null));
        Assert.Same(orphan, _reaper.Adopt(orphan.Pid));
        Assert.Equal(7, (await orphan.Exit.WaitAsync(Patience)).Code);
    }

    [Fact]
    public async Task An_orphan_that_has_already_ended_is_adopted_with_its_exit()
    {
        using var expectation = _reaper.ExpectOrphan();
        using var folder = new TemporaryFolder();
        var result = await fixture.RunShell($"(sleep 0.2; echo x > {folder["done"]}; exit 9) >/dev/null & echo $!");
        var pid = int.Parse(result.Output.Trim(), null);
        await Eventually.True(() => File.Exists(folder["done"]) && ProcessIdentity.TryRead(pid) is null);
        var orphan = _reaper.Adopt(pid);
        Assert.Equal(9, (await orphan.Exit.WaitAsync(Patience)).Code);
        Assert.False(orphan.Signal(Signals.SIGKILL));
    }

    [Fact]
    public async Task An_orphan_whose_parent_still_lives_is_waited_for()
    {
        // The one in the middle is what crun leaves: it ends a moment after the program that we started.
        using var folder = new TemporaryFolder();
        var (pidFile, go) = (folder["pid"], folder["go"]);
        await fixture.RunShell(
            $"(sh -c 'echo $$ > {pidFile}; exec sleep 100' & until [ -e {go} ]; do sleep 0.02; done) & until [ -s {pidFile} ]; do sleep 0.02; done");
        var pid = int.Parse((await File.ReadAllTextAsync(pidFile)).Trim(), null);
        Assert.Throws<LinuxException>(() => _reaper.Adopt(pid));
        var adopting = _reaper.AdoptAsync(pid, Patience, CancellationToken.None);
        await File.WriteAllTextAsync(go, "");
        var orphan = await adopting;
        orphan.Signal(Signals.SIGKILL);
        Assert.Equal(137, (await orphan.Exit.WaitAsync(Patience)).Code);
    }

    [Fact]
    public async Task Waiting_for_an_orphan_ends_with_the_time_or_the_caller()
    {
        var late = await Assert.ThrowsAsync<LinuxException>(() => _reaper.AdoptAsync(1, TimeSpan.FromMilliseconds(50), CancellationToken.None));
        Assert.Equal(Errno.ECHILD, late.Errno);
        using var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _reaper.AdoptAsync(1, Patience, cancellation.Token));
    }

    [Fact]
    public void A_process_that_is_not_our_child_cannot_be_adopted()
    {
        var error = Assert.Throws<LinuxException>(() => _reaper.Adopt(1));
        Assert.Equal(Errno.ECHILD, error.Errno);
        Assert.Contains("process 1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Standard_input_is_given()
    {
        using var input = Descriptors.Memory("input", Encoding.UTF8.GetBytes("from a memory file"));
        var result = await _reaper.RunAsync(ReaperFixture.Shell("cat") with { StandardInput = input }, Patience, CancellationToken.None);
        Assert.Equal("from a memory file", result.Output);
    }
}
