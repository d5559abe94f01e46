namespace Skiff.Sandbox.Tests;

public sealed class RuntimeErrorTests
{
    [Fact]
    public void The_last_error_of_the_log_is_the_reason() =>
        Assert.Equal(
            "executable file `x` not found in $PATH: No such file or directory",
            RuntimeError.Parse("""
                {"msg":"something odd","level":"warning","time":"2026-11-23T15:28:51Z"}
                {"msg":"first","level":"error","time":"2026-11-23T15:28:51Z"}
                {"msg":"executable file `x` not found in $PATH: No such file or directory","level":"error","time":"2026-11-23T15:28:51Z"}
                {"level":"debug","msg":"bye"}

                """));

    [Theory]
    [InlineData("plain words\n", "plain words")]
    [InlineData("{\"level\":\"error\",\"msg\":\"cut", "{\"level\":\"error\",\"msg\":\"cut")]
    [InlineData("{\"level\":\"warning\",\"msg\":\"only a warning\"}\nsegfault\n", "segfault")]
    [InlineData("{\"level\":\"error\",\"msg\":\"\\u001b[31mred\\n\"}", " [31mred ")]
    [InlineData("{\"level\":1,\"msg\":[]}\n", null)]
    [InlineData("{\"level\":\"error\",\"msg\":\"\\ud800\"}", "{\"level\":\"error\",\"msg\":\"\\ud800\"}")]
    [InlineData("\n \n", null)]
    [InlineData("", null)]
    public void Anything_else_is_taken_as_it_is(string output, string? reason) => Assert.Equal(reason, RuntimeError.Parse(output));

    [Fact]
    public void A_huge_reason_is_cut() =>
        Assert.Equal(RuntimeError.TextMax + 1, RuntimeError.Parse($$"""{"level":"error","msg":"{{new string('x', 100_000)}}"}""")!.Length);

    [Fact]
    public void Of_a_huge_log_the_end_is_read()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, new string('x', 1 << 20) + "\n{\"level\":\"error\",\"msg\":\"the end\"}\n");
            Assert.Equal("the end", RuntimeError.Parse(RuntimeError.ReadLog(file)));
        }
        finally
        {
            File.Delete(file);
        }

        Assert.Equal("", RuntimeError.ReadLog(file));
    }

    [Theory]
    [InlineData("executable file `x` not found in $PATH", SandboxFault.NotFound)]
    [InlineData("exec: \"x\": stat x: no such file or directory", SandboxFault.NotFound)]
    [InlineData("fork/exec: cannot allocate memory", SandboxFault.ResourceExhausted)]
    [InlineData("mount: No space left on device", SandboxFault.ResourceExhausted)]
    [InlineData("something else", SandboxFault.Internal)]
    public void Faults_are_told_apart(string text, SandboxFault fault) => Assert.Equal(fault, RuntimeError.FaultOf(text));
}
