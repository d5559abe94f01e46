using Skiff.Shim.Events;
using Skiff.Shim.Tasks;

namespace Skiff.Simulation;

/// <summary>Looks at every event as it is told and at every answer to Wait, and knows what must never be.</summary>
internal sealed class Witness : IEventSink
{
    private readonly Dictionary<string, Life> _lives = [];
    private readonly List<TaskEvent> _told = [];

    public IReadOnlyList<TaskEvent> Told => _told;

    /// <summary>Time has passed in this walk: an exec may outlast its init's grace, and its exit comes later.</summary>
    public bool TimeHasPassed { get; set; }

    public void Publish(TaskEvent happened)
    {
        _told.Add(happened);
        if (happened is TaskCreated created)
        {
            Assert.True(_lives.TryAdd(created.ContainerId, new Life()), $"{created.ContainerId} was created twice without a delete");
            return;
        }

        Assert.True(_lives.TryGetValue(happened.ContainerId, out var life), $"{happened} before its create or after its delete");
        switch (happened)
        {
            case TaskStarted:
                Assert.False(life.Started || life.Exited, $"{happened} twice, or after the exit");
                life.Started = true;
                break;
            case ExecAdded added:
                Assert.False(life.Exited, $"{happened} after the exit of its init");
                life.RunningExecs.Remove(added.ExecId);
                break;
            case ExecStarted started:
                Assert.True(!life.Exited || TimeHasPassed, $"{happened} after the exit of its init");
                Assert.True(life.RunningExecs.Add(started.ExecId), $"{happened} twice");
                break;
            case ProcessExited exited when exited.ProcessId != exited.ContainerId:
                Assert.True(life.RunningExecs.Remove(exited.ProcessId), $"{happened} without a start, or twice");
                Assert.True(!life.Exited || TimeHasPassed, $"{happened} after the exit of its init");
                break;
            case ProcessExited:
                Assert.False(life.Exited, $"{happened} twice");
                Assert.True(life.RunningExecs.Count == 0 || TimeHasPassed, $"{happened} before that of {string.Join(',', life.RunningExecs)}");
                life.Exited = true;
                break;
            case TaskDeleted:
                Assert.True(life.Exited, $"{happened} before the exit");
                _lives.Remove(happened.ContainerId);
                break;
            case TaskPaused or TaskResumed or TaskOutOfMemory:
                Assert.True(life.Started && !life.Exited, $"{happened} of a task that does not run");
                break;
        }
    }

    public static void SameAnswers(IEnumerable<ExitRecord> answers)
    {
        ExitRecord? first = null;
        foreach (var answer in answers)
        {
            first ??= answer;
            Assert.Same(first, answer);
        }
    }

    private sealed class Life
    {
        public bool Started { get; set; }

        public bool Exited { get; set; }

        public HashSet<string> RunningExecs { get; } = [];
    }
}
