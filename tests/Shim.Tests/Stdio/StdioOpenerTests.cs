using System.Text;
using Microsoft.Win32.SafeHandles;
using Skiff.Linux;
using Skiff.Shim.Stdio;
using Skiff.Shim.Tests.Doubles;

namespace Skiff.Shim.Tests.Stdio;

/// <summary>With real FIFOs, files and programs; the guest is a shell.</summary>
public sealed class StdioOpenerTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly string _folder = Directory.CreateTempSubdirectory("skiff-stdio").FullName;
    private readonly List<string> _log = [];

    [Fact]
    public async Task Output_arrives_and_ends_with_the_guest()
    {
        var (output, error) = (Fifo.Make($"{_folder}/o"), Fifo.Make($"{_folder}/e"));
        using var outputReader = Reader(output);
        using var errorReader = Reader(error);
        await using var stdio = await OpenAsync(new("", output, error, Terminal: false));
        await RunAsync(stdio, "echo out; echo err >&2");

        Assert.Equal("out\n", await ReadAsync(outputReader));
        Assert.Equal("err\n", await ReadAsync(errorReader));
    }

    [Fact]
    public async Task Output_written_while_nobody_reads_is_not_lost()
    {
        var output = Fifo.Make($"{_folder}/o");
        await using var stdio = await OpenAsync(new("", output, "", Terminal: false));
        await RunAsync(stdio, "echo before");
        using var restarted = Reader(output);
        var text = new byte[100];

        Assert.Equal("before\n", Encoding.UTF8.GetString(text, 0, StreamIO.Read(restarted, text)));
    }

    [Fact]
    public async Task The_exit_waits_for_a_client_that_has_not_read_all_yet()
    {
        var output = Fifo.Make($"{_folder}/o");
        await using var stdio = await OpenAsync(new("", output, "", Terminal: false));
        using var client = Reader(output);
        await RunAsync(stdio, "echo last words");
        var read = stdio.OutputReadAsync();
        Assert.False(read.IsCompleted);

        Assert.Equal("last words\n", await ReadAsync(client, "last words\n".Length));
        await read.WaitAsync(Limit);
    }

    [Fact]
    public async Task The_exit_does_not_wait_for_ever_for_a_client_that_never_reads()
    {
        var output = Fifo.Make($"{_folder}/o");
        await using var stdio = await OpenAsync(new("", output, "", Terminal: false));
        await RunAsync(stdio, "echo unread");

        await stdio.OutputReadAsync().WaitAsync(Limit);
    }

    [Fact]
    public async Task Stdin_ends_when_the_client_has_closed_it()
    {
        var (input, output) = (Fifo.Make($"{_folder}/i"), Fifo.Make($"{_folder}/o"));
        using var reader = Reader(output);
        var client = Task.Run(() => File.WriteAllTextAsync(input, "hello\n"));
        await using var stdio = await OpenAsync(new(input, output, "", Terminal: false));
        await Spawn(stdio, "cat; echo end").Exit.WaitAsync(Limit);

        await client;
        Assert.Equal("hello\nend\n", await ReadAsync(reader));
    }

    [Fact]
    public async Task Stdin_waits_for_a_client_that_is_late_and_ends_by_CloseIO()
    {
        var (input, output) = (Fifo.Make($"{_folder}/i"), Fifo.Make($"{_folder}/o"));
        using var reader = Reader(output);
        await using var stdio = await OpenAsync(new(input, output, "", Terminal: false));
        var guest = Spawn(stdio, "cat; echo end");
        await File.WriteAllTextAsync(input, "hello\n");
        await Task.Delay(50);
        Assert.False(guest.Exit.IsCompleted);
        stdio.CloseInput();

        await guest.Exit.WaitAsync(Limit);
        Assert.Equal("hello\nend\n", await ReadAsync(reader));
    }

    [Fact]
    public async Task A_client_that_stays_and_says_nothing_is_noticed_at_once()
    {
        var input = Fifo.Make($"{_folder}/i");
        var client = Task.Run(() => new FileStream(input, FileMode.Open, FileAccess.Write));
        var start = TimeProvider.System.GetTimestamp();
        await using var stdio = await OpenAsync(new(input, "", "", Terminal: false));
        Assert.True(TimeProvider.System.GetElapsedTime(start) < Limit);
        var guest = Spawn(stdio, "cat");
        await (await client).DisposeAsync();

        await guest.Exit.WaitAsync(Limit);
    }

    [Fact]
    public async Task A_file_is_appended_to()
    {
        var path = $"{_folder}/new/folder/out.log";
        for (var i = 0; i < 2; i++)
        {
            await using var stdio = await OpenAsync(new("", $"file://{path}", $"file://{path}", Terminal: false));
            await RunAsync(stdio, "echo out; echo err >&2");
        }

        Assert.Equal("out\nerr\nout\nerr\n", await File.ReadAllTextAsync(path));
    }

    [Theory]
    [InlineData("stdin")]
    [InlineData("stdout")]
    [InlineData("stderr")]
    public async Task A_missing_FIFO_is_named(string stream)
    {
        var missing = $"{_folder}/missing";
        var addresses = new StdioAddresses(stream == "stdin" ? missing : "", stream == "stdout" ? missing : "", stream == "stderr" ? missing : "", false);

        var refusal = await Assert.ThrowsAsync<ShimException>(() => OpenAsync(addresses));

        Assert.Contains(missing, refusal.Message, StringComparison.Ordinal);
        Assert.StartsWith(stream, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_FIFO_that_nobody_has_opened_holds_nothing_up()
    {
        var open = OpenAsync(new(Fifo.Make($"{_folder}/i"), Fifo.Make($"{_folder}/o"), Fifo.Make($"{_folder}/e"), Terminal: false));

        await using var stdio = await open.WaitAsync(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_file_in_the_place_of_a_FIFO_is_refused()
    {
        File.WriteAllText($"{_folder}/plain", "");

        Assert.Contains("not a FIFO", (await Assert.ThrowsAsync<ShimException>(
            () => OpenAsync(new("", $"{_folder}/plain", "", Terminal: false)))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_program_gets_every_byte()
    {
        var program = Script("""
            #!/bin/sh
            echo "$CONTAINER_ID $CONTAINER_NAMESPACE $*" > FOLDER/who
            exec 5>&-
            cat <&3 > FOLDER/out &
            cat <&4 > FOLDER/err
            wait
            """);
        await using (var stdio = await OpenAsync(new("", $"binary://{program}?a=1&b=x%20y", "", Terminal: false)))
        {
            await RunAsync(stdio, "head -c 10000000 /dev/zero; echo oops >&2");
        }

        Assert.Equal("c ns a 1 b x y\n", await File.ReadAllTextAsync($"{_folder}/who"));
        Assert.Equal(10_000_000, new FileInfo($"{_folder}/out").Length);
        Assert.Equal("oops\n", await File.ReadAllTextAsync($"{_folder}/err"));
    }

    [Fact]
    public async Task The_guest_outlives_its_log_program()
    {
        var program = Script("#!/bin/sh\nexec 5>&-\nhead -c 1 <&3 > /dev/null\nexit 3\n");
        await using var stdio = await OpenAsync(new("", $"binary://{program}", "", Terminal: false));

        var exit = await RunAsync(stdio, "echo first; sleep 0.3; head -c 1000000 /dev/zero; echo done >&2");

        Assert.Equal(0, exit.Code);
        await TestTasks.BecomesTrueAsync(() => _log.Exists(line => line.Contains("has ended with 3 before its container", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_log_program_that_cannot_be_started_is_named()
    {
        var refusal = await Assert.ThrowsAsync<ShimException>(() => OpenAsync(new("", $"binary://{_folder}/no-such-program", "", false)));

        Assert.Contains("no-such-program", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_program_that_stays_is_ended()
    {
        var program = Script("#!/bin/sh\necho $$ > FOLDER/pid\nexec 5>&-\nexec sleep 1000\n");
        var stdio = await OpenAsync(new("", $"binary://{program}", "", Terminal: false));
        await RunAsync(stdio, "true");
        var pid = int.Parse(await File.ReadAllTextAsync($"{_folder}/pid"));
        await stdio.DisposeAsync();

        await TestTasks.BecomesTrueAsync(() => !Directory.Exists($"/proc/{pid}"));
    }

    [Fact]
    public async Task Nothing_stays_open()
    {
        var before = Directory.GetFiles("/proc/self/fd").Length;
        for (var i = 0; i < 20; i++)
        {
            var (output, input) = (Fifo.Make($"{_folder}/o{i}"), Fifo.Make($"{_folder}/i{i}"));
            await using var stdio = await OpenAsync(new(input, output, "", Terminal: false));
            await RunAsync(stdio, "echo x");
        }

        // Tests beside this one open and close, too.
        Assert.InRange(Directory.GetFiles("/proc/self/fd").Length, 0, before + 40);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task<IProcessStdio> OpenAsync(StdioAddresses addresses) => await new StdioOpener(
        TestReaper.Instance, TimeProvider.System, new ShimLog(TimeProvider.System, _log.Add))
        .OpenAsync(addresses, new StdioOwner("ns", "c"), CancellationToken.None);

    /// <summary>What the sandbox does: the guest gets its ends and ours of them are closed.</summary>
    private static ChildProcess Spawn(IProcessStdio stdio, string script)
    {
        var guest = stdio.Guest;
        var child = TestReaper.Instance.Spawn(new SpawnRequest
        {
            Program = "/bin/sh",
            Arguments = ["sh", "-c", script],
            StandardInput = guest.Input,
            StandardOutput = guest.Output,
            StandardError = guest.Error,
        });
        guest.Input?.Dispose();
        guest.Output?.Dispose();
        guest.Error?.Dispose();
        return child;
    }

    private static async Task<ChildExit> RunAsync(IProcessStdio stdio, string script)
    {
        var exit = await Spawn(stdio, script).Exit.WaitAsync(Limit);
        stdio.GuestEnded();
        return exit;
    }

    private static SafeFileHandle Reader(string fifo) => FifoEnd.OpenRead(fifo);

    // To its end, or so many bytes.
    private static Task<string> ReadAsync(SafeFileHandle reader, int bytes = int.MaxValue) => Task.Run(() =>
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        for (int count; text.Length < bytes && (count = StreamIO.Read(reader, buffer)) > 0;)
        {
            text.Append(Encoding.UTF8.GetString(buffer, 0, count));
        }

        return text.ToString();
    }).WaitAsync(Limit);

    private string Script(string text)
    {
        var path = $"{_folder}/program";
        File.WriteAllText(path, text.Replace("FOLDER", _folder, StringComparison.Ordinal));
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }
}
