namespace Skiff.Shim.Tasks;

/// <summary>What the table says to a call.</summary>
internal enum Verdict
{
    Go,

    /// <summary>FailedPrecondition: another state is needed first.</summary>
    No,

    /// <summary>NotFound: to containerd the process does not exist yet.</summary>
    Unknown,

    /// <summary>NotFound "process already finished": containerd's clients ignore exactly this answer to a late Kill.</summary>
    Over,

    /// <summary>Unimplemented, in every state.</summary>
    Never,
}

/// <summary>The one table of what may be asked of a process in which state.</summary>
internal static class Transitions
{
    private const Verdict Go = Verdict.Go;
    private const Verdict No = Verdict.No;
    private const Verdict Un = Verdict.Unknown;
    private const Verdict Ov = Verdict.Over;
    private const Verdict Nv = Verdict.Never;

    /// <summary>
    /// Pids goes on answering after the end: containerd 1.7 and later take a shim without pids for a leaked one when they
    /// restart, and would throw away a task whose exit status nobody has fetched yet. ResizePty after the end does nothing: a
    /// client sends its window's size at once, and a short process may be over by then.
    /// </summary>
    private static readonly Verdict[][] Table =
    [
        //               Creating Created Starting Running Pausing Paused Resuming Exiting Stopped Deleting
        /* State      */ [Un,     Go,     Go,      Go,     Go,     Go,    Go,      Go,     Go,     Go],
        /* Start      */ [No,     Go,     No,      No,     No,     No,    No,      No,     No,     No],
        /* Delete     */ [No,     Go,     No,      No,     No,     No,    No,      No,     Go,     No],
        /* Kill       */ [No,     Go,     Go,      Go,     Go,     Go,    Go,      Ov,     Ov,     Ov],
        /* Exec       */ [No,     Go,     Go,      Go,     No,     No,    No,      No,     No,     No],
        /* StartExec  */ [No,     No,     No,      Go,     No,     No,    No,      No,     No,     No],
        /* Pause      */ [No,     No,     No,      Go,     No,     No,    No,      No,     No,     No],
        /* Resume     */ [No,     No,     No,      No,     No,     Go,    No,      No,     No,     No],
        /* Update     */ [No,     Go,     Go,      Go,     Go,     Go,    Go,      No,     No,     No],
        /* Checkpoint */ [Nv,     Nv,     Nv,      Nv,     Nv,     Nv,    Nv,      Nv,     Nv,     Nv],
        /* Stats      */ [No,     Go,     Go,      Go,     Go,     Go,    Go,      Go,     Go,     No],
        /* Pids       */ [Un,     Go,     Go,      Go,     Go,     Go,    Go,      Go,     Go,     Go],
        /* ResizePty  */ [No,     Go,     Go,      Go,     Go,     Go,    Go,      Go,     Go,     Go],
        /* CloseInput */ [No,     Go,     Go,      Go,     Go,     Go,    Go,      Go,     Go,     Go],
        /* Wait       */ [Un,     Go,     Go,      Go,     Go,     Go,    Go,      Go,     Go,     Go],
    ];

    public static Verdict Of(ProcessState state, ProcessCall call) => Table[(int)call][(int)state];

    /// <summary>Throws unless the table lets the call pass.</summary>
    /// <param name="name">The process as the user knows it, for the message.</param>
    public static void Require(ProcessState state, ProcessCall call, string name)
    {
        switch (Of(state, call))
        {
            case Verdict.Go:
                return;
            case Verdict.Over:
                throw new ShimException(ShimError.NotFound, $"{name}: process already finished");
            case Verdict.Unknown:
                throw new ShimException(ShimError.NotFound, $"{name}: not found (it is being created)");
            case Verdict.Never:
                throw new ShimException(
                    ShimError.Unimplemented, $"{name}: a checkpoint is not possible: neither crun nor Wasmtime can write a guest down and wake it again");
            default:
                throw new ShimException(ShimError.FailedPrecondition, $"{name}: cannot {Verb(call)} while it is {Adjective(state)}");
        }
    }

    private static string Verb(ProcessCall call) => call switch
    {
        ProcessCall.Start or ProcessCall.StartExec => "start",
        ProcessCall.Delete => "delete",
        ProcessCall.Kill => "kill",
        ProcessCall.Exec => "exec",
        ProcessCall.Pause => "pause",
        ProcessCall.Resume => "resume",
        ProcessCall.Update => "update",
        ProcessCall.Stats => "read statistics",
        ProcessCall.ResizePty => "resize the terminal",
        ProcessCall.CloseInput => "close stdin",
        _ => "answer",
    };

    private static string Adjective(ProcessState state) => state switch
    {
        ProcessState.Creating => "being created",
        ProcessState.Created => "created but not started",
        ProcessState.Starting => "starting",
        ProcessState.Running => "running",
        ProcessState.Pausing => "being paused",
        ProcessState.Paused => "paused",
        ProcessState.Resuming => "being resumed",
        ProcessState.Exiting or ProcessState.Stopped => "stopped",
        _ => "being deleted",
    };
}
