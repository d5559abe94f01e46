using Skiff.Harness;

namespace Skiff.Functional.Life;

/// <summary>Where output goes: to a file, to a logger program, to a FIFO whose reader takes its time.</summary>
public sealed class LogTests(Nodes nodes) : NodeTest(nodes), IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("skflog").FullName;

    [Theory, OnContainerd]
    public async Task A_file_takes_stdout_and_stderr(string version)
    {
        var node = await NodeAsync(version);
        var log = Path.Combine(_folder, "deep", "er", "log");

        await RunAsync(node, $"file://{log}", "/toolbox.wasm", "args", "first");
        await RunAsync(node, $"file://{log}", "/toolbox.wasm", "warn", "second");

        Assert.Equal("first\nsecond\n", File.ReadAllText(log));
    }

    [Theory, OnContainerd]
    public async Task What_a_guest_wrote_can_still_be_read_when_it_is_deleted(string version)
    {
        // Fits into a pipe whatever the size of the writes, so that the guest ends with nothing read.
        const int Bytes = 30_000;
        var node = await NodeAsync(version);
        var path = Path.Combine(_folder, "fifo");
        (await Command.RunAsync("mkfifo", [path])).Succeeded();
        await using var task = await TestTask.PrepareAsync(node, ["/toolbox.wasm", "spam", $"{Bytes}"]);
        var opening = Task.Factory.StartNew(
            () => File.OpenRead(path), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await task.CreateTaskAsync(path);
        await using var reader = await opening.WaitAsync(TimeSpan.FromSeconds(10));
        await task.StartAsync();
        Assert.Equal(0u, await task.WaitAsync());
        await task.DeleteAsync();

        using var output = new MemoryStream();
        await reader.CopyToAsync(output);

        Assert.Equal(Bytes, output.Length);
    }

    [Theory, OnContainerd]
    public async Task A_logger_program_gets_every_byte(string version) => await EveryByteAsync(version, 10_000_000);

    [Theory, OnContainerd("2.1")]
    public async Task A_logger_program_gets_every_byte_of_a_hundred_million(string version) => await EveryByteAsync(version, 100_000_000);

    [Theory, OnContainerd]
    public async Task A_logger_program_knows_whose_output_it_gets(string version)
    {
        var node = await NodeAsync(version);
        var log = Path.Combine(_folder, "log");

        var id = await RunAsync(node, $"binary://{Logger()}?file={log}", "/toolbox.wasm");

        await Eventually.BecomesTrueAsync(() => File.Exists($"{log}.done"), "the logger ends after the container");
        Assert.Equal($"{node.Namespace} {id}\n", File.ReadAllText($"{log}.who"));
    }

    [Theory, OnContainerd]
    public async Task A_guest_survives_the_death_of_its_logger(string version)
    {
        var node = await NodeAsync(version);
        await using var task = await TestTask.PrepareAsync(node, ["/toolbox.wasm", "spam", "1000000"]);
        await task.CreateTaskAsync("binary:///bin/true");

        await task.StartAsync();

        // It may see EPIPE and say so by its exit code; it may not hang, and nothing may be left.
        await task.WaitAsync(deadline: TimeSpan.FromSeconds(20));
        await task.DeleteAsync();
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task EveryByteAsync(string version, long bytes)
    {
        var node = await NodeAsync(version);
        var log = Path.Combine(_folder, "log");

        await RunAsync(node, $"binary://{Logger()}?file={log}", "/toolbox.wasm", "spam", $"{bytes}");

        await Eventually.BecomesTrueAsync(() => File.Exists($"{log}.done"), "the logger ends after the container");
        Assert.Equal(bytes, new FileInfo(log).Length);
    }

    /// <summary>containerd's contract for loggers: descriptors 3 and 4 are the outputs, 5 is closed when ready.</summary>
    private string Logger()
    {
        var path = Path.Combine(_folder, "logger");
        File.WriteAllText(path, """
            #!/bin/sh
            # Arguments come from the address: file PATH.
            trap '' TERM
            log=$2
            echo "$CONTAINER_NAMESPACE $CONTAINER_ID" >"$log.who"
            exec 5>&-
            cat <&4 >/dev/null &
            cat <&3 >"$log"
            wait
            touch "$log.done"

            """);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    private static async Task<string> RunAsync(Containerd node, string address, params string[] arguments)
    {
        await using var task = await TestTask.PrepareAsync(node, arguments);
        await task.CreateTaskAsync(address);
        await task.StartAsync();
        Assert.Equal(0u, await task.WaitAsync());
        await task.DeleteAsync();
        return task.Id;
    }
}
