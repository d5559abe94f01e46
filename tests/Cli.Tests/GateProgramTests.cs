using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Skiff.Linux;
using Skiff.Runner.Tests;

namespace Skiff.Cli.Tests;

public sealed class GateProgramTests : IDisposable
{
    private readonly SkiffProgram _skiff = new();

    public void Dispose() => _skiff.Dispose();

    [Fact]
    public async Task A_guest_runs_when_it_is_told_to_and_not_before()
    {
        using var code = _skiff.Compile(Texts.Hello);
        var output = Path.Combine(_skiff.Folder, "output");
        using var file = File.OpenHandle(output, FileMode.Create, FileAccess.Write, FileShare.ReadWrite);
        var (ours, theirs) = Descriptors.SocketPair();
        using (ours)
        {
            var process = _skiff.Spawn(["run", "--gate", "--kind", "module", "--", "hello"], file, theirs, code);
            theirs.Dispose();
            Assert.Equal("ready\n", Gate.Read(ours));
            Assert.Equal("", ReadShared(output));
            Gate.Write(ours, "start\n");
            Assert.Equal(0, (await process.Exit).Code);
            Assert.Equal("hello\n", ReadShared(output));
        }
    }

    [Fact]
    public async Task A_component_finds_its_modules_behind_it()
    {
        var code = _skiff.CompileAll(Texts.Component);
        Assert.Equal(2, code.Length);
        var (ours, theirs) = Descriptors.SocketPair();
        using (ours)
        {
            var process = _skiff.Spawn(["run", "--gate", "--kind", "component", "--", "x"], null, [theirs, .. code]);
            theirs.Dispose();
            Assert.Equal("ready\n", Gate.Read(ours));
            Gate.Write(ours, "start\n");

            // The run of this one fails.
            Assert.Equal(1, (await process.Exit).Code);
        }

        Array.ForEach(code, file => file.Dispose());
    }

    [Fact]
    public async Task A_component_that_answers_requests_has_the_CPU_time_that_it_is_granted()
    {
        var code = _skiff.CompileAll(await File.ReadAllBytesAsync(SkiffProgram.Guest("http.wasm"), TestContext.Current.CancellationToken));
        var address = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{SkiffServer.FreePort()}");
        var (ours, theirs) = Descriptors.SocketPair();
        using var client = new HttpClient { BaseAddress = new Uri($"http://{address}") };
        using (ours)
        {
            var process = _skiff.Spawn(
                ["run", "--gate", "--grant", "cpu=300m", "--grant", $"env=WASMTIME_HTTP_PROXY_SOCKET_ADDR={address}", "--kind", "component", "--", "http"],
                null,
                [theirs, .. code]);
            theirs.Dispose();
            Assert.Equal("ready\n", Gate.Read(ours));
            Gate.Write(ours, "start\n");
            Assert.Equal("", Gate.Read(ours));
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            var spinning = Enumerable.Range(0, 4).Select(_ => SpinAsync(client, stop.Token)).ToList();
            var share = await CpuShare.OfAsync([process.Pid]);
            await stop.CancelAsync();
            await Task.WhenAll(spinning);
            process.Signal(Signals.SIGKILL);
            await process.Exit;
            Assert.InRange(share, 0.02, 1);
        }

        Array.ForEach(code, file => file.Dispose());
    }

    [Fact]
    public async Task It_ends_with_the_one_who_made_it()
    {
        using var code = _skiff.Compile(Texts.Loop);
        var (ours, theirs) = Descriptors.SocketPair();
        var process = _skiff.Spawn(["run", "--gate", "--kind", "module", "--", "loop"], null, theirs, code);
        theirs.Dispose();
        Assert.Equal("ready\n", Gate.Read(ours));
        ours.Dispose();
        Assert.Equal(126, (await process.Exit).Code);
    }

    [Theory]
    [InlineData(Texts.Add, "error this is a core module without _start; it exports add, none")]
    [InlineData("""(module (import "env" "f" (func)) (func (export "_start")))""", "error the guest imports what Skiff does not offer: env.f")]
    public async Task A_guest_that_cannot_run_is_an_error_before_the_start(string text, string expected) =>
        await AssertErrorAsync(_skiff.Compile(text), ["--kind", "module", "--", "guest"], expected);

    [Fact]
    public async Task Damaged_code_is_an_error_before_the_start()
    {
        using var code = Descriptors.Memory("code", Encoding.UTF8.GetBytes("no code"));
        await AssertErrorAsync(code, ["--kind", "component", "--", "guest"], "damaged compiled code");
    }

    [Theory]
    [InlineData("--kind")]
    [InlineData("--kind", "program", "--")]
    [InlineData("--", "guest")]
    [InlineData("--frobnicate", "--kind", "module", "--")]
    public async Task A_wrong_command_line_is_an_error_before_the_start(params string[] arguments)
    {
        using var code = _skiff.Compile(Texts.Hello);
        await AssertErrorAsync(code, arguments, "error run --gate:");
    }

    [Fact]
    public async Task An_export_is_called_when_one_is_named()
    {
        using var code = _skiff.Compile("""(module (func (export "other") unreachable) (func (export "_start")))""");
        var (ours, theirs) = Descriptors.SocketPair();
        using (ours)
        {
            var process = _skiff.Spawn(["run", "--gate", "--export", "other", "--kind", "module", "--", "x"], null, theirs, code);
            theirs.Dispose();
            Assert.Equal("ready\n", Gate.Read(ours));
            Gate.Write(ours, "start\n");
            Assert.Equal(134, (await process.Exit).Code);
        }
    }

    // It listens some time after it was told to start.
    private static async Task SpinAsync(HttpClient client, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                using var response = await client.GetAsync("/spin", stop);
            }
            catch (HttpRequestException)
            {
                await Task.Delay(20, CancellationToken.None);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task AssertErrorAsync(SafeFileHandle code, string[] arguments, string expected)
    {
        var (ours, theirs) = Descriptors.SocketPair();
        using (code)
        {
            var process = _skiff.Spawn(["run", "--gate", .. arguments], null, theirs, code);
            theirs.Dispose();
            using (ours)
            {
                Assert.StartsWith(expected, Gate.Read(ours), StringComparison.Ordinal);
            }

            // It stays until its reason has been read, which it knows by the end of the line.
            Assert.Equal(126, (await process.Exit).Code);
        }
    }

    private static string ReadShared(string path)
    {
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd();
    }
}
