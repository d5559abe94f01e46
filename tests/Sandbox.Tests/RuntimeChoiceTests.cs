using Skiff.Sandbox.Tests.Doubles;

namespace Skiff.Sandbox.Tests;

public sealed class RuntimeChoiceTests : IDisposable
{
    private readonly SandboxFixture _fixture;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("skiff-choice-");

    public RuntimeChoiceTests(SandboxFixture fixture) => _fixture = fixture;

    private SandboxPlaces Places => _fixture.Places with { RunFolder = Path.Combine(_folder.FullName, "run"), SearchPath = _folder.FullName };

    public void Dispose() => _folder.Delete(recursive: true);

    private string Install(string name, string script)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return path;
    }

    [Fact]
    public async Task A_crun_that_does_not_work_with_the_nodes_cgroups_is_replaced_by_runc_and_remembered()
    {
        var calls = Path.Combine(_folder.FullName, "calls");
        var crun = Install("crun", $"echo call >>{calls}; echo '{{\"level\":\"error\",\"msg\":\"no such cgroup controller: hugetlb\"}}' >&2; "
            + "while [ $# -gt 0 ]; do [ \"$1\" = --log ] && echo '{\"level\":\"error\",\"msg\":\"no such cgroup controller: hugetlb\"}' >\"$2\"; shift; done; exit 1");
        for (var i = 0; i < 2; i++)
        {
            using var bundle = new TestBundle(_fixture, "/native");
            var guest = await bundle.CreateAsync(Places);
            Assert.EndsWith("/runc", new FileInfo(Path.Combine(bundle.Folder, "skiff/runtime")).LinkTarget, StringComparison.Ordinal);
            await guest.DeleteAsync(TestContext.Current.CancellationToken);
            Assert.Empty(bundle.Traces());
        }

        Assert.Equal("call\n", await File.ReadAllTextAsync(calls, TestContext.Current.CancellationToken));

        // Another file, perhaps a repaired one, gets another chance.
        File.Delete(crun);
        Install("crun", "exit 1 # replaced");
        Assert.Equal(crun, new RuntimeChoice(Places).Candidates(null)[0]);
    }

    [Fact]
    public async Task Other_failures_of_crun_are_told_and_not_tried_again()
    {
        Install("crun", "exit 7");
        using var bundle = new TestBundle(_fixture, "/native");
        var fault = await Assert.ThrowsAsync<SandboxException>(() => bundle.CreateAsync(Places));
        Assert.Equal("crun create: ended with 7 without a word", fault.Message);
        Assert.Empty(bundle.Traces());
    }

    [Fact]
    public async Task A_runtime_that_says_yes_and_makes_nothing_is_told()
    {
        Install("crun", "exit 0");
        using var bundle = new TestBundle(_fixture, "/native");
        var fault = await Assert.ThrowsAsync<SandboxException>(() => bundle.CreateAsync(Places));
        Assert.Contains("init.pid", fault.Message, StringComparison.Ordinal);
        Assert.Empty(bundle.Traces());
    }

    [Fact]
    public void Crun_comes_first_and_runc_second() =>
        Assert.Equal(["crun", "runc"], new RuntimeChoice(_fixture.Places).Candidates(null).Select(Path.GetFileName));

    [Fact]
    public void A_named_runtime_is_the_only_one()
    {
        Assert.Equal("runc", Path.GetFileName(Assert.Single(new RuntimeChoice(_fixture.Places).Candidates("runc"))));
        var named = Install("mine", "exit 0");
        Assert.Equal([named], new RuntimeChoice(Places).Candidates(named));
        Assert.Equal([named], new RuntimeChoice(Places).Candidates("mine"));
    }

    [Theory]
    [InlineData("kata")]
    [InlineData("/no/such/runtime")]
    [InlineData("../bin/runc")]
    public void A_named_runtime_that_is_not_there_is_told(string option)
    {
        var fault = Assert.Throws<SandboxException>(() => new RuntimeChoice(Places).Candidates(option));
        Assert.Contains(option, fault.Message, StringComparison.Ordinal);
        Assert.Equal(SandboxFault.FailedPrecondition, fault.Fault);
    }
}
