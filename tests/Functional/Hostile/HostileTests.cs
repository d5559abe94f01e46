using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Skiff.Harness;
using Skiff.Harness.Wire;

namespace Skiff.Functional.Hostile;

/// <summary>Images, specs and callers that mean no good, or are merely broken: an error that says what, and nothing left.</summary>
public sealed class HostileTests(Nodes nodes) : NodeTest(nodes), IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("skfh").FullName;

    [Theory, OnContainerd]
    public async Task A_truncated_module_is_refused(string version) =>
        await RefusedAsync(version, File.ReadAllBytes(Guest.Needed(Guest.Toolbox))[..5000]);

    [Theory, OnContainerd]
    public async Task A_module_of_random_bytes_is_refused(string version)
    {
        var bytes = new byte[4096];
        new Random(20261123).NextBytes(bytes);
        "\0asm"u8.CopyTo(bytes);
        bytes[4] = 1;
        bytes[5] = bytes[6] = bytes[7] = 0;
        await RefusedAsync(version, bytes);
    }

    [Theory, OnContainerd]
    public async Task An_empty_file_is_refused(string version) => await RefusedAsync(version, []);

    [Theory, OnContainerd]
    public async Task A_module_with_an_import_that_nobody_has_is_refused_by_name(string version)
    {
        var text = """(module (import "env" "launch_missiles" (func)) (memory (export "memory") 1) (func (export "_start")))"""u8;
        var result = await RunAsync(version, "/app.wat", text.ToArray());

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("launch_missiles", result.Error, StringComparison.Ordinal);
    }

    [Theory, OnContainerd]
    public async Task A_link_in_the_image_does_not_lead_out_of_it(string version)
    {
        var outside = Path.Combine(_folder, "outside.wasm");
        File.Copy(Guest.Needed(Guest.Toolbox), outside);
        var node = await NodeAsync(version);
        foreach (var target in new[] { outside, "../../../../../../../../.." + outside })
        {
            var files = new Dictionary<string, string?> { ["/app.wasm"] = "->" + target };

            var result = await RunImageAsync(node, files, "/app.wasm");

            Assert.NotEqual(0, result.ExitCode);
            Assert.DoesNotContain("hello from C", result.Output, StringComparison.Ordinal);
        }
    }

    [Theory, OnContainerd]
    public async Task A_path_with_dots_does_not_lead_out_of_the_image(string version)
    {
        var outside = Path.Combine(_folder, "outside.wasm");
        File.Copy(Guest.Needed(Guest.Toolbox), outside);
        var node = await NodeAsync(version);

        var result = await node.Ctr.RunGuestAsync("/../../../../../../../.." + outside);

        Assert.NotEqual(0, result.ExitCode);
        Assert.DoesNotContain("hello from C", result.Output, StringComparison.Ordinal);
    }

    [Theory, OnContainerd]
    public async Task A_loop_of_links_is_refused(string version)
    {
        var node = await NodeAsync(version);
        var files = new Dictionary<string, string?> { ["/app.wasm"] = "->/b.wasm", ["/b.wasm"] = "->/app.wasm" };

        Assert.NotEqual(0, (await RunImageAsync(node, files, "/app.wasm")).ExitCode);
    }

    [Theory, OnContainerd]
    public async Task An_enormous_spec_is_refused_or_run_but_ends_nothing(string version)
    {
        var node = await NodeAsync(version);
        await using var task = await TestTask.PrepareAsync(node, ["/toolbox.wasm"]);
        var container = (await node.Client.Containers.GetAsync(new GetContainerRequest { Id = task.Id }, node.Client.Headers)).Container;
        var padding = new string('x', 3 << 20);
        var spec = container.Spec.Value.ToStringUtf8().Insert(1, $"\"annotations\":{{\"padding\":\"{padding}\"}},");
        container.Spec = new Any { TypeUrl = container.Spec.TypeUrl, Value = ByteString.CopyFromUtf8(spec) };
        container.Id = Names.Next("huge");
        await node.Client.Containers.CreateAsync(new CreateContainerdContainerRequest { Container = container }, node.Client.Headers);
        try
        {
            var error = await Record.ExceptionAsync(async () =>
            {
                var request = new CreateTaskRequest { ContainerId = container.Id };
                var mounts = await node.Client.Snapshots.MountsAsync(
                    new MountsRequest { Snapshotter = "overlayfs", Key = task.Id }, node.Client.Headers);
                request.Rootfs.Add(mounts.Mounts);
                await node.Client.Tasks.CreateAsync(request, node.Client.Headers, TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(20));
            });

            Assert.True(error is null or RpcException { StatusCode: not StatusCode.DeadlineExceeded }, error?.ToString());
        }
        finally
        {
            await node.Ctr.TryAsync("task", "kill", "-s", "KILL", container.Id);
            await node.Ctr.TryAsync("task", "delete", "-f", container.Id);
            await node.Client.Containers.DeleteAsync(new DeleteContainerRequest { Id = container.Id }, node.Client.Headers);
        }

        Assert.Equal("hello from C\n", (await node.Ctr.RunGuestAsync("/toolbox.wasm")).Succeeded());
    }

    [Theory, OnContainerd]
    public async Task A_FIFO_that_is_not_there_is_an_error(string version)
    {
        var node = await NodeAsync(version);
        await using var task = await TestTask.PrepareAsync(node, ["/toolbox.wasm"]);

        var error = await Assert.ThrowsAsync<RpcException>(() => task.CreateTaskAsync(Path.Combine(_folder, "nowhere", "fifo")));

        Assert.NotEqual(StatusCode.DeadlineExceeded, error.StatusCode);
        Assert.Contains("nowhere", error.Status.Detail, StringComparison.Ordinal);
    }

    [Theory, OnContainerd]
    public async Task A_FIFO_that_nobody_reads_does_not_hang_create_start_or_kill(string version)
    {
        var node = await NodeAsync(version);
        var dead = Path.Combine(_folder, "dead");
        (await Command.RunAsync("mkfifo", [dead])).Succeeded();
        await using var task = await TestTask.PrepareAsync(node, ["/toolbox.wasm", "spam", "1000000"]);

        await task.CreateTaskAsync(dead);
        await task.StartAsync();
        await task.KillAsync(Signals.Terminate);

        Assert.Contains(await task.WaitAsync(deadline: TimeSpan.FromSeconds(5)), new[] { 0u, 1u, 143u });
        await task.DeleteAsync();
    }

    [Theory, OnContainerd]
    public async Task A_full_disk_at_the_cache_is_an_error_that_says_so(string version)
    {
        await using var node = await OwnNodeAsync(version);
        Directory.CreateDirectory(node.Cache);
        (await Command.RunAsync("mount", ["-t", "tmpfs", "-o", "size=16k,mode=0700", "tmpfs", node.Cache])).Succeeded();
        try
        {
            var result = await node.Ctr.RunGuestAsync("/toolbox.wasm");

            Assert.NotEqual(0, result.ExitCode);
            Assert.Matches("(?i)space|full", result.Error);
        }
        finally
        {
            (await Command.RunAsync("umount", [node.Cache])).Succeeded();
        }

        Assert.Equal("hello from C\n", (await node.Ctr.RunGuestAsync("/toolbox.wasm")).Succeeded());
        await Leaks.RequireNoneAsync(node);
    }

    [Theory, OnContainerd]
    public async Task A_guest_cannot_fill_the_memory_of_the_shim_by_its_output(string version)
    {
        const int Bytes = 50_000_000;
        var node = await NodeAsync(version);

        // The FIFO is read here and not by `ctr run`: ctr 1.6 closes its end at the exit event without having read it out, and so
        // loses the last of the output of any shim's containers when it or its reader is slow.
        await using var task = await TestTask.StartAsync(node, ["/toolbox.wasm", "spam", $"{Bytes}"]);
        Assert.Equal(0u, await task.WaitAsync());
        var shim = int.Parse(await File.ReadAllTextAsync(Path.Combine(task.Bundle, "shim.pid")), CultureInfo.InvariantCulture);
        var peak = PeakMemory(shim);
        await task.Stdio.Ended.WaitAsync(TimeSpan.FromSeconds(10));

        Assert.Equal(Bytes, task.Stdio.Output.Length);
        Assert.InRange(peak, 1, Bytes / 2);
    }

    [Theory, OnContainerd]
    public async Task A_container_name_with_odd_characters_runs(string version)
    {
        var node = await NodeAsync(version);
        var name = $"a.b_c-{new string('d', 60)}";

        var result = await node.Ctr.TryAsync("run", "--rm", "--runtime", Ctr.Skiff, Images.Guests, name, "/toolbox.wasm");

        Assert.Equal("hello from C\n", result.Succeeded());
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>The most memory that a process ever had, in bytes; with the program's own pages.</summary>
    private static long PeakMemory(int pid)
    {
        var line = File.ReadLines($"/proc/{pid}/status").First(text => text.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) << 10;
    }

    private async Task RefusedAsync(string version, byte[] module)
    {
        var result = await RunAsync(version, "/app.wasm", module);

        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("app.wasm", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    private async Task<CommandResult> RunAsync(string version, string path, byte[] module)
    {
        var file = Path.Combine(_folder, Path.GetFileName(path));
        await File.WriteAllBytesAsync(file, module);
        return await RunImageAsync(await NodeAsync(version), new Dictionary<string, string?> { [path] = file }, path);
    }

    private async Task<CommandResult> RunImageAsync(Containerd node, Dictionary<string, string?> files, string path)
    {
        var name = $"localhost/{Names.Next("hostile")}:1";
        var tar = Path.Combine(_folder, "image.tar");
        Images.WriteRootfs(tar, name, "linux/amd64", files, [path]);
        await node.Ctr.RunAsync("image", "import", tar);
        return await node.Ctr.TryAsync("run", "--rm", "--runtime", Ctr.Skiff, name, Names.Next());
    }
}
