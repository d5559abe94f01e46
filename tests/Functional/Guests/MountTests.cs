using Skiff.Harness;

namespace Skiff.Functional.Guests;

/// <summary>Every mount of the container shows at its path, as writable as the spec says.</summary>
public sealed class MountTests(Nodes nodes) : NodeTest(nodes), IDisposable
{
    private readonly string _host = Directory.CreateTempSubdirectory("skfm").FullName;

    [Theory, OnContainerd]
    public async Task A_file_of_a_read_only_mount_is_read(string version)
    {
        File.WriteAllText(Path.Combine(_host, "note"), "from the host\n");

        var result = await RunAsync(version, "ro", "/toolbox.wasm", "read", "/data/note");

        Assert.Equal("from the host\n", result.Succeeded());
    }

    [Theory, OnContainerd]
    public async Task A_read_only_mount_is_not_written(string version)
    {
        var result = await RunAsync(version, "ro", "/toolbox.wasm", "write", "/data/new", "x");

        Assert.Equal(1, result.ExitCode);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_host));
    }

    [Theory, OnContainerd]
    public async Task A_writable_mount_is_written(string version)
    {
        (await RunAsync(version, "rw", "/toolbox.wasm", "write", "/data/new", "from the guest")).Succeeded();

        Assert.Equal("from the guest", File.ReadAllText(Path.Combine(_host, "new")));
    }

    [Theory, OnContainerd]
    public async Task A_component_reads_a_mount_too(string version)
    {
        Guest.Needed(Guest.ToolboxComponent);
        File.WriteAllText(Path.Combine(_host, "note"), "for a component\n");

        Assert.Equal("for a component\n", (await RunAsync(version, "ro", "/toolbox-p2.wasm", "read", "/data/note")).Succeeded());
    }

    [Theory, OnContainerd]
    public async Task Rust_reads_a_mount_too(string version)
    {
        Guest.Needed(Guest.Rustbox);
        File.WriteAllText(Path.Combine(_host, "note"), "for Rust\n");

        Assert.Equal("for Rust\n", (await RunAsync(version, "ro", "/rustbox.wasm", "read", "/data/note")).Succeeded());
    }

    [Theory, OnContainerd]
    public async Task A_single_mounted_file_is_read_at_its_path(string version)
    {
        var node = await NodeAsync(version);
        File.WriteAllText(Path.Combine(_host, "hosts"), "one file\n");

        var result = await node.Ctr.RunGuestAsync(
            "--mount", $"type=bind,src={_host}/hosts,dst=/etc/only,options=rbind:ro", "--", "/toolbox.wasm", "read", "/etc/only");

        Assert.Equal("one file\n", result.Succeeded());
    }

    /// <summary>ConfigMaps and Secrets: the files are links through a link <c>..data</c> that is swapped atomically.</summary>
    [Theory, OnContainerd]
    public async Task The_links_of_a_Kubernetes_volume_are_followed(string version)
    {
        Directory.CreateDirectory(Path.Combine(_host, "..2024_01_01"));
        File.WriteAllText(Path.Combine(_host, "..2024_01_01", "key"), "value\n");
        File.CreateSymbolicLink(Path.Combine(_host, "..data"), "..2024_01_01");
        File.CreateSymbolicLink(Path.Combine(_host, "key"), "..data/key");

        Assert.Equal("value\n", (await RunAsync(version, "ro", "/toolbox.wasm", "read", "/data/key")).Succeeded());
        Assert.Contains("..data", (await RunAsync(version, "ro", "/toolbox.wasm", "list", "/data")).Succeeded(), StringComparison.Ordinal);
    }

    [Theory, OnContainerd]
    public async Task A_link_out_of_a_mount_does_not_reach_the_host(string version)
    {
        File.CreateSymbolicLink(Path.Combine(_host, "out"), "../../../../../../etc/shadow");
        File.CreateSymbolicLink(Path.Combine(_host, "absolute"), "/etc/shadow");

        Assert.NotEqual(0, (await RunAsync(version, "ro", "/toolbox.wasm", "read", "/data/out")).ExitCode);
        Assert.NotEqual(0, (await RunAsync(version, "ro", "/toolbox.wasm", "read", "/data/absolute")).ExitCode);
    }

    [Theory, OnContainerd]
    public async Task The_root_file_system_is_written_and_read_back(string version)
    {
        var node = await NodeAsync(version);
        await using var task = await TestTask.StartAsync(node, ["/toolbox.wasm", "sleep", "60"], "sleeping");

        (await task.RunExecAsync("/toolbox.wasm", "write", "/tmp/kept", "kept")).Succeeded();

        Assert.Equal("kept", (await task.RunExecAsync("/toolbox.wasm", "read", "/tmp/kept")).Succeeded());
        Assert.Equal("file 4\n", (await task.RunExecAsync("/toolbox.wasm", "stat", "/tmp/kept")).Succeeded());
    }

    [Theory, OnContainerd]
    public async Task A_read_only_root_file_system_is_not_written(string version)
    {
        var node = await NodeAsync(version);

        var result = await node.Ctr.RunGuestAsync("--read-only", "--", "/toolbox.wasm", "write", "/tmp/no", "x");

        Assert.Equal(1, result.ExitCode);
    }

    [Theory, OnContainerd]
    public async Task The_run_program_is_not_visible_as_something_writable(string version)
    {
        var node = await NodeAsync(version);

        Assert.NotEqual(0, (await node.Ctr.RunGuestAsync("/toolbox.wasm", "write", "/.skiff/skiff", "x")).ExitCode);
    }

    [Theory, OnContainerd]
    public async Task A_module_is_taken_from_a_mount(string version)
    {
        File.Copy(Guest.Needed(Guest.Toolbox), Path.Combine(_host, "mounted.wasm"));

        Assert.Equal("hello from C\n", (await RunAsync(version, "ro", "/data/mounted.wasm")).Succeeded());
    }

    [Theory, OnContainerd]
    public async Task A_module_is_taken_through_a_link_into_a_mount(string version)
    {
        File.Copy(Guest.Needed(Guest.Toolbox), Path.Combine(_host, "mounted.wasm"));
        var rootfs = Directory.CreateDirectory(Path.Combine(_host, "rootfs"));
        File.CreateSymbolicLink(Path.Combine(rootfs.FullName, "app.wasm"), "/data/mounted.wasm");

        Assert.Equal("hello from C\n", (await RunInFolderAsync(version, rootfs.FullName, "/app.wasm")).Succeeded());
    }

    [Theory, OnContainerd]
    public async Task A_folder_on_a_read_only_disk_is_a_root_file_system_too(string version)
    {
        var rootfs = Directory.CreateDirectory(Path.Combine(_host, "rootfs")).FullName;
        File.Copy(Guest.Needed(Guest.Toolbox), Path.Combine(rootfs, "app.wasm"));
        (await Command.RunAsync("mount", ["--bind", "-o", "ro", rootfs, rootfs])).Succeeded();
        try
        {
            Assert.Equal("hello from C\n", (await RunInFolderAsync(version, rootfs, "/app.wasm")).Succeeded());
            Assert.Equal(1, (await RunInFolderAsync(version, rootfs, "/app.wasm", "write", "/no", "x")).ExitCode);
            Assert.Equal([Path.Combine(rootfs, "app.wasm")], Directory.GetFileSystemEntries(rootfs));
        }
        finally
        {
            (await Command.RunAsync("umount", [rootfs])).Succeeded();
        }
    }

    public void Dispose() => Directory.Delete(_host, recursive: true);

    private async Task<CommandResult> RunAsync(string version, string access, params string[] arguments)
    {
        var node = await NodeAsync(version);
        return await node.Ctr.RunGuestAsync(["--mount", $"type=bind,src={_host},dst=/data,options=rbind:{access}", "--", .. arguments]);
    }

    private async Task<CommandResult> RunInFolderAsync(string version, string rootfs, params string[] arguments)
    {
        var node = await NodeAsync(version);
        return await node.Ctr.TryAsync(
            ["run", "--rm", "--runtime", Ctr.Skiff, "--rootfs", "--mount", $"type=bind,src={_host},dst=/data,options=rbind:ro", rootfs, Names.Next(), .. arguments]);
    }
}
