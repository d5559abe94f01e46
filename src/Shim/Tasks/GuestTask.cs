using Skiff.Sandbox;

namespace Skiff.Shim.Tasks;

/// <summary>A container as containerd's Task service knows it: an init process and its execs. Guarded by the task service's gate.</summary>
internal sealed class GuestTask(string id, string bundle, TaskProcess init, DateTimeOffset createdAt)
{
    public string Id { get; } = id;

    public string Bundle { get; } = bundle;

    public TaskProcess Init { get; } = init;

    public DateTimeOffset CreatedAt { get; } = createdAt;

    /// <summary>Null while it is being created.</summary>
    public IGuest? Guest { get; set; }

    public Dictionary<string, TaskProcess> Execs { get; } = new(StringComparer.Ordinal);

    /// <summary>OOM kills that containerd has been told of.</summary>
    public long OomKillsTold { get; set; }

    /// <summary>Ends the watch for OOM kills.</summary>
    public CancellationTokenSource Watching { get; } = new();

    public TaskProcess? Find(string execId) => execId.Length == 0 ? Init : Execs.GetValueOrDefault(execId);
}

/// <summary>A task as it is at one moment.</summary>
/// <param name="Pod">The pod's id; of a container without a pod, its own.</param>
internal sealed record TaskSummary(string Id, string Pod, ProcessState State, DateTimeOffset CreatedAt, string Output, IGuest? Guest);
