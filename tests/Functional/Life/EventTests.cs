using Skiff.Harness;

namespace Skiff.Functional.Life;

/// <summary>The order of events, which Docker lives on.</summary>
public sealed class EventTests(Nodes nodes) : NodeTest(nodes)
{
    [Theory, OnContainerd]
    public async Task A_life_with_an_exec_is_told_in_order(string version)
    {
        var node = await NodeAsync(version);
        await using var events = await EventLog.StartAsync(node);
        await using var task = await TestTask.StartAsync(node, ["/toolbox.wasm", "sleep", "3600"], "sleeping");
        await task.RunExecAsync("/toolbox.wasm", "exit", "5");
        await task.KillAsync(Signals.Terminate);
        await task.WaitAsync();
        await task.DeleteAsync();

        await events.HoldsAsync(task.Id, "/tasks/delete");

        string[] expected =
        [
            "/tasks/create", "/tasks/start", "/tasks/exec-added", "/tasks/exec-started", "/tasks/exit", "/tasks/exit", "/tasks/delete",
        ];
        var seen = events.Of(task.Id).Where(entry => entry.Topic.StartsWith("/tasks/", StringComparison.Ordinal)
            && !(entry.Topic == "/tasks/delete" && entry.ExecId != "")).ToArray();
        Assert.Equal(expected, seen.Select(entry => entry.Topic));
        Assert.Equal(5u, seen[4].ExitStatus);
        Assert.NotEqual("", seen[4].ExecId);
        Assert.Equal(143u, seen[5].ExitStatus);
        Assert.Equal("", seen[5].ExecId);
    }

    [Theory, OnContainerd]
    public async Task A_guest_that_ends_at_once_starts_before_it_ends(string version)
    {
        var node = await NodeAsync(version);
        await using var events = await EventLog.StartAsync(node);
        for (var i = 0; i < 5; i++)
        {
            await using var task = await TestTask.StartAsync(node, ["/exit42.wat"]);
            Assert.Equal(42u, await task.WaitAsync());
            await task.DeleteAsync();
            await events.HoldsAsync(task.Id, "/tasks/delete");

            Assert.Equal(
                ["/tasks/create", "/tasks/start", "/tasks/exit", "/tasks/delete"],
                events.Topics(task.Id).Where(topic => topic.StartsWith("/tasks/", StringComparison.Ordinal)));
        }
    }

    [Theory, OnContainerd]
    public async Task Pause_and_resume_are_told(string version)
    {
        var node = await NodeAsync(version);
        await using var events = await EventLog.StartAsync(node);
        await using var task = await TestTask.StartAsync(node, ["/toolbox.wasm", "sleep", "3600"], "sleeping");

        await task.PauseAsync();
        await task.ResumeAsync();

        await events.HoldsAsync(task.Id, "/tasks/resumed");
        Assert.Contains("/tasks/paused", events.Topics(task.Id));
    }
}
