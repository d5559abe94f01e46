using System.Text;
using System.Text.Json;
using Skiff.Guest;
using Skiff.Linux;
using Skiff.Runner.Tests;

namespace Skiff.Cli.Tests;

public sealed class CompileCommandTests : IDisposable
{
    private readonly SkiffProgram _skiff = new();

    public void Dispose() => _skiff.Dispose();

    [Theory]
    [InlineData(Texts.Hello, "module")]
    [InlineData(Texts.Component, "component")]
    public async Task Stdin_is_compiled_and_answered_by_digest_and_kind(string text, string kind)
    {
        var content = Encoding.UTF8.GetBytes(text);
        using var input = Descriptors.Memory("module", content);
        var result = await _skiff.RunAsync(input, "compile", "--stdin", "--cache", _skiff.Cache);
        var digest = ContentDigest.Of(content);
        Assert.Equal((0, $"{digest} {kind}\n", ""), (result.Exit.Code, result.Output, result.ErrorOutput));
        using var entry = new CodeCache(_skiff.Cache).TryOpen(digest)!;
        Assert.Equal(kind == "component" ? 1 : 0, entry.Modules.Count);
    }

    [Theory]
    [InlineData("\0asm\u0001\0\0\0garbage", "cannot be compiled")]
    [InlineData("\u007fELF and more", "native code")]
    [InlineData("", "empty")]
    public async Task What_is_no_module_is_one_line_on_stderr(string content, string expected)
    {
        using var input = Descriptors.Memory("module", Encoding.Latin1.GetBytes(content));
        var result = await _skiff.RunAsync(input, "compile", "--stdin", "--cache", _skiff.Cache);
        Assert.Equal((1, ""), (result.Exit.Code, result.Output));
        Assert.Contains(expected, Assert.Single(result.ErrorOutput.TrimEnd('\n').Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_module_beyond_its_bound_is_refused()
    {
        using var input = Descriptors.Memory("module", new byte[5000]);
        var result = await _skiff.RunAsync(input, "compile", "--stdin", "--max-bytes", "4k", "--cache", _skiff.Cache);
        Assert.Equal(1, result.Exit.Code);
        Assert.Contains("larger than 4096 bytes", result.ErrorOutput, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_second_time_finds_what_the_first_made()
    {
        var file = _skiff.File("hello.wat", Texts.Hello);
        Assert.Contains("compiled in", (await _skiff.RunAsync("compile", file)).Output, StringComparison.Ordinal);
        Assert.Contains("was compiled already", (await _skiff.RunAsync("compile", file)).Output, StringComparison.Ordinal);
        Assert.Contains("module", (await _skiff.RunAsync("cache", "list")).Output, StringComparison.Ordinal);
        await _skiff.RunAsync("cache", "prune");
        Assert.Empty(new CodeCache(_skiff.Cache).List());
    }

    [Fact]
    public async Task Inspect_tells_what_would_be_done_and_why()
    {
        var result = await _skiff.RunAsync("inspect", "--json", _skiff.File("hello.wat", Texts.Hello));
        Assert.Equal((0, ""), (result.Exit.Code, result.ErrorOutput));
        var json = JsonDocument.Parse(result.Output).RootElement;
        Assert.Equal("module", json.GetProperty("kind").GetString());
        Assert.True(json.GetProperty("runs").GetBoolean());
        Assert.False(json.GetProperty("cached").GetBoolean());
        Assert.Equal("wasi_snapshot_preview1.fd_write", json.GetProperty("imports")[0].GetProperty("name").GetString());
        var refused = await _skiff.RunAsync("inspect", _skiff.File("bad.wat", """(module (import "env" "f" (func)) (func (export "_start")))"""));
        Assert.Contains("would be refused", refused.Output, StringComparison.Ordinal);
        Assert.Contains("env.f: func ()  (not offered)", refused.Output, StringComparison.Ordinal);
    }
}
