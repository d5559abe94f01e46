namespace Skiff.Shim.Tasks;

/// <summary>
/// Where a process of a task (its init or an exec) stands. The states ending in -ing last while a call or an exit is being
/// worked on, so that a second call in between is refused by the table instead of waiting for a lock.
/// </summary>
internal enum ProcessState
{
    Creating,
    Created,
    Starting,
    Running,
    Pausing,
    Paused,
    Resuming,

    /// <summary>The init has ended and what ran beside it is being collected; its exit is not yet told.</summary>
    Exiting,
    Stopped,
    Deleting,
}

/// <summary>The calls whose permission depends on the state.</summary>
internal enum ProcessCall
{
    State,
    Start,
    Delete,
    Kill,
    Exec,
    StartExec,
    Pause,
    Resume,
    Update,
    Checkpoint,
    Stats,
    Pids,
    ResizePty,
    CloseInput,
    Wait,
}
