using System.Text;
using Skiff.Engine;
using Skiff.Guest;
using Skiff.Linux;
using Skiff.Runner;

namespace Skiff.Cli.Tests;

/// <summary>A large guest starts from the baseline compiler's code while the optimised code is made.</summary>
public sealed class FirstRunTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly SkiffProgram _skiff = new();
    private readonly byte[] _guest = [.. File.ReadAllBytes(SkiffProgram.Guest("rustbox.wasm")), .. Padding()];

    private CodeCache Cache => new(_skiff.Cache);

    private string Guest => _skiff.File("guest.wasm", _guest);

    public void Dispose() => _skiff.Dispose();

    [Fact]
    public async Task The_first_run_does_not_wait_for_the_code_that_the_next_one_has()
    {
        RequireBaseline();
        var first = await _skiff.RunAsync("run", Guest, "hello");
        await OptimisedAsync(ContentDigest.Of(_guest));
        var second = await _skiff.RunAsync("run", Guest, "hello");
        Assert.Equal([(0, "hello from Rust\n", ""), (0, "hello from Rust\n", "")], new[] { first, second }.Select(run => (run.Exit.Code, run.Output, run.ErrorOutput)));
        Assert.Empty(Cache.Baseline.List());
    }

    [Fact]
    public async Task The_optimised_code_is_waited_for_on_request()
    {
        await _skiff.RunAsync("run", "--optimised", Guest, "hello");
        Assert.Empty(Cache.Baseline.List());
        Assert.Single(Cache.List());
    }

    [Fact]
    public async Task Many_that_ask_for_a_container_have_it_optimised_once()
    {
        RequireBaseline();
        var results = await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            using var input = Descriptors.Memory("module", _guest);
            return await _skiff.RunAsync(input, "compile", "--stdin", "--soon", "--cache", _skiff.Cache);
        }));
        var digest = ContentDigest.Of(_guest);
        Assert.All(results, result => Assert.Equal((0, $"{digest} module\n", ""), (result.Exit.Code, result.Output, result.ErrorOutput)));
        using (var entry = Cache.TryOpenBest(digest))
        {
            Assert.NotNull(entry);
        }

        await OptimisedAsync(digest);
    }

    [Fact]
    public async Task What_answers_requests_in_a_container_is_optimised_first()
    {
        using var input = Descriptors.Memory("module", Handler());
        var result = await _skiff.RunAsync(input, "compile", "--stdin", "--soon", "--cache", _skiff.Cache);
        Assert.Equal(0, result.Exit.Code);
        Assert.Empty(Cache.Baseline.List());
        Assert.NotEmpty(Cache.List());
    }

    [Fact]
    public async Task A_server_goes_on_with_optimised_code()
    {
        RequireBaseline();
        await using var server = await SkiffServer.StartAsync(_skiff, _skiff.File("handler.wasm", Handler()), "--reuse", "2", "--workers", "1");
        var before = await server.Client.GetStringAsync("/", TestContext.Current.CancellationToken);
        await server.SaysAsync("optimised code is there");
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(before, await server.Client.GetStringAsync("/", TestContext.Current.CancellationToken));
        }

        Assert.Equal(0, (await server.StopAsync()).Code);
    }

    // A custom section (core specification, "Custom Section"): as large as makes a guest wait.
    private static byte[] Padding()
    {
        var content = new byte[ModuleCompiler.BaselineBytesMin];
        content[0] = 1;
        content[1] = (byte)'p';
        return [0, 0x80, 0x80, 0x10, .. content];
    }

    private static byte[] Handler()
    {
        var text = File.ReadAllText(SkiffProgram.Guest("http-text.wat"));
        var end = text.IndexOf("(core module $Main", StringComparison.Ordinal) + "(core module $Main".Length;
        return WasmEngine.FromText(Encoding.UTF8.GetBytes($"{text[..end]} (@custom \"p\" \"{new string('.', ModuleCompiler.BaselineBytesMin)}\"){text[end..]}"));
    }

    private static void RequireBaseline() => Assert.SkipUnless(WasmEngine.HasBaseline, "no baseline compiler for this processor");

    private async Task OptimisedAsync(string digest)
    {
        var begun = TimeProvider.System.GetTimestamp();
        while (!IsDone())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(begun) < Patience, "nobody makes the optimised code");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        bool IsDone()
        {
            using var entry = Cache.TryOpen(digest);
            return entry is not null && !Cache.IsClaimed(digest);
        }
    }
}
