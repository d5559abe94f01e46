using Skiff.Shim.Tasks;

namespace Skiff.Shim.Tests.Tasks;

/// <summary>The table of docs/containerd.md 6, written a second time: call, then the states in which it passes.</summary>
public sealed class TransitionsTests
{
    public static TheoryData<string, string> Rows => new()
    {
        { nameof(ProcessCall.State), "Created Starting Running Pausing Paused Resuming Exiting Stopped Deleting" },
        { nameof(ProcessCall.Start), "Created" },
        { nameof(ProcessCall.Delete), "Created Stopped" },
        { nameof(ProcessCall.Kill), "Created Starting Running Pausing Paused Resuming" },
        { nameof(ProcessCall.Exec), "Created Starting Running" },
        { nameof(ProcessCall.StartExec), "Running" },
        { nameof(ProcessCall.Pause), "Running" },
        { nameof(ProcessCall.Resume), "Paused" },
        { nameof(ProcessCall.Update), "Created Starting Running Pausing Paused Resuming" },
        { nameof(ProcessCall.Checkpoint), "" },
        { nameof(ProcessCall.Stats), "Created Starting Running Pausing Paused Resuming Exiting Stopped" },
        { nameof(ProcessCall.Pids), "Created Starting Running Pausing Paused Resuming Exiting Stopped Deleting" },
        { nameof(ProcessCall.ResizePty), "Created Starting Running Pausing Paused Resuming Exiting Stopped Deleting" },
        { nameof(ProcessCall.CloseInput), "Created Starting Running Pausing Paused Resuming Exiting Stopped Deleting" },
        { nameof(ProcessCall.Wait), "Created Starting Running Pausing Paused Resuming Exiting Stopped Deleting" },
    };

    [Fact]
    public void Every_call_has_a_row() => Assert.Equal(Enum.GetNames<ProcessCall>().Order(), Rows.Select(row => row.Data.Item1).Order());

    [Theory, MemberData(nameof(Rows))]
    public void A_call_passes_in_these_states_only(string call, string states)
    {
        var passing = Enum.GetValues<ProcessState>().Where(state => Transitions.Of(state, Enum.Parse<ProcessCall>(call)) == Verdict.Go);

        Assert.Equal(states, string.Join(' ', passing));
    }

    [Theory]
    [InlineData(nameof(ProcessState.Stopped), nameof(ProcessCall.Kill), nameof(ShimError.NotFound), "process already finished")]
    [InlineData(nameof(ProcessState.Exiting), nameof(ProcessCall.Kill), nameof(ShimError.NotFound), "process already finished")]
    [InlineData(nameof(ProcessState.Creating), nameof(ProcessCall.State), nameof(ShimError.NotFound), "being created")]
    [InlineData(nameof(ProcessState.Running), nameof(ProcessCall.Delete), nameof(ShimError.FailedPrecondition), "cannot delete while it is running")]
    [InlineData(nameof(ProcessState.Running), nameof(ProcessCall.Start), nameof(ShimError.FailedPrecondition), "cannot start while it is running")]
    [InlineData(nameof(ProcessState.Stopped), nameof(ProcessCall.Exec), nameof(ShimError.FailedPrecondition), "cannot exec while it is stopped")]
    [InlineData(nameof(ProcessState.Paused), nameof(ProcessCall.StartExec), nameof(ShimError.FailedPrecondition), "cannot start while it is paused")]
    [InlineData(nameof(ProcessState.Running), nameof(ProcessCall.Checkpoint), nameof(ShimError.Unimplemented), "checkpoint")]
    public void A_refusal_says_why(string state, string call, string error, string text)
    {
        var refusal = Assert.Throws<ShimException>(
            () => Transitions.Require(Enum.Parse<ProcessState>(state), Enum.Parse<ProcessCall>(call), "task c"));

        Assert.Equal(error, refusal.Error.ToString());
        Assert.Contains(text, refusal.Message, StringComparison.Ordinal);
        Assert.StartsWith("task c", refusal.Message, StringComparison.Ordinal);
    }
}
