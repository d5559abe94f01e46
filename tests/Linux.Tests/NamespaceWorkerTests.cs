using System.Net;
using System.Runtime.InteropServices;
using Skiff.Linux.Tests.Doubles;

namespace Skiff.Linux.Tests;

public sealed class NamespaceWorkerTests(ReaperFixture fixture) : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly MessengerThread _messenger = new();

    public void Dispose()
    {
        _messenger.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task What_is_mounted_is_seen_by_the_process_inside_alone_and_goes_with_it()
    {
        var root = _folder["root"];
        Directory.CreateDirectory(Path.Combine(root, "config"));
        Directory.CreateDirectory(_folder["config"]);
        File.WriteAllText(Path.Combine(_folder["config"], "key"), "value");
        using var pause = new PauseProgram();
        using var worker = new NamespaceWorker(_messenger);
        ChildProcess? holder = null;
        fixture.Reaper.Begin();
        using var inside = await worker.RunAsync(() =>
        {
            Mounts.BindToItself(root);
            Mounts.Mount(new MountPoint("bind", _folder["config"], "/config", ["ro"]), root);
            using var network = NamespaceWorker.MakeNetwork();
            holder = fixture.Reaper.Spawn(pause.Named("a guest"));
            return NamespaceWorker.PivotTo(root);
        });

        Assert.Equal("value", File.ReadAllText($"/proc/{holder!.Pid}/root/config/key"));
        Assert.Equal("value", File.ReadAllText($"/proc/self/fd/{inside.DangerousGetHandle()}/config/key"));
        Assert.Equal(["config"], Directory.EnumerateFileSystemEntries($"/proc/{holder.Pid}/root").Select(Path.GetFileName));
        Assert.Throws<IOException>(() => File.WriteAllText($"/proc/{holder.Pid}/root/config/key", "x"));
        Assert.DoesNotContain(_folder["root"], File.ReadAllText("/proc/self/mountinfo"), StringComparison.Ordinal);
        Assert.NotEqual(Link("/proc/self/ns/net"), Link($"/proc/{holder.Pid}/ns/net"));

        Assert.True(holder.Signal(Signals.SIGTERM));
        Assert.Equal(Signals.SIGTERM, (await holder.Exit.WaitAsync(TimeSpan.FromSeconds(10))).Signal);
    }

    [Fact]
    public async Task No_thread_stays_in_a_namespace_of_a_job()
    {
        using var thread = new NamespaceThread();
        for (var i = 0; i < 20; i++)
        {
            using var worker = new NamespaceWorker(_messenger);
            using var network = new NetworkNamespace(await worker.RunAsync(NamespaceWorker.MakeNetwork), thread);
            using var listener = network.NewSocket(v6: false, stream: true);
            listener.Bind(new IPEndPoint(IPAddress.Loopback, 80));
            listener.Listen(1);
            Assert.Equal(80, ((IPEndPoint)listener.LocalEndPoint!).Port);
        }

        // The workers' own threads end a moment after they are disposed of; those of tests that run beside this one come and go.
        var strays = Strays();
        for (var i = 0; i < 500 && strays.Count > 0; i++)
        {
            await Task.Delay(10);
            strays = Strays();
        }

        Assert.Empty(strays);
    }

    [Fact]
    public async Task A_failing_job_tells_its_caller_and_leaves_the_thread_usable()
    {
        using var worker = new NamespaceWorker(_messenger);
        var fault = await Assert.ThrowsAsync<LinuxException>(() => worker.RunAsync(() => NamespaceWorker.JoinNetwork("/proc/self/ns/there-is-none")));
        Assert.Contains("/proc/self/ns/there-is-none", fault.Message, StringComparison.Ordinal);
        Assert.Equal(1, await worker.RunAsync(() => 1));
    }

    [Fact]
    public void The_pause_program_has_code_for_both_processors()
    {
        Assert.Equal(145, PauseProgram.Image(Architecture.X64).Length);
        Assert.Equal(152, PauseProgram.Image(Architecture.Arm64).Length);
    }

    [Fact]
    public async Task The_pause_program_sleeps_until_who_started_it_is_gone()
    {
        var pause = new PauseProgram();
        var holder = fixture.Reaper.Spawn(pause.Named("a guest"));
        await Task.Delay(100);
        Assert.False(holder.Exit.IsCompleted);
        Assert.True(holder.Signal(19) && holder.Signal(18), "it is stopped and goes on");
        await Task.Delay(100);
        Assert.False(holder.Exit.IsCompleted);
        pause.Dispose();
        Assert.Equal(0, (await holder.Exit.WaitAsync(TimeSpan.FromSeconds(10))).Code);
    }

    private static List<string> Strays()
    {
        var own = (Link("/proc/self/ns/net"), Link("/proc/self/ns/mnt"));
        return
        [
            .. from task in Directory.EnumerateDirectories("/proc/self/task")
               let at = (Link($"{task}/ns/net"), Link($"{task}/ns/mnt"))
               where at != own && at != (null, null)
               select $"{File.ReadAllText($"{task}/comm").Trim()} is in {at}",
        ];
    }

    private static string? Link(string path) => new FileInfo(path).LinkTarget;
}
