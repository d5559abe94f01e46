using System.Text.Json.Serialization;

namespace Skiff.Guest;

/// <summary>
/// What <c>skiff ps</c> asks each shim of the node, over the socket on which it serves containerd: the TTRPC method
/// <see cref="Service"/>/<see cref="List"/>, with an empty payload; the answer is JSON of <see cref="ServerStatus"/>.
/// </summary>
public static class NodeStatus
{
    public const string Service = "skiff.node.v1.Status";

    public const string List = "List";

    /// <summary>Where the sockets of shims lie, unless containerd was told otherwise.</summary>
    public const string SocketFolder = "/run/containerd/s";

    /// <summary>What is true until the next boot only, the logs of the node's servers and guest hosts among it.</summary>
    public const string RunFolder = "/run/skiff";

    /// <summary>Above it a log in <see cref="RunFolder"/> begins anew, with the part before kept.</summary>
    public const long LogBytesMax = 8 * 1024 * 1024;

    /// <summary>In <see cref="RunFolder"/>: what guest hosts say.</summary>
    public const string HostLog = "host.log";

    /// <summary>In <see cref="RunFolder"/>: what the server of all pods says; there is one a namespace of containerd.</summary>
    public static string ServerLog(string @namespace) => $"node-{@namespace.Replace('/', '_')}.log";
}

/// <summary>A shim.</summary>
/// <param name="Namespace">Of containerd.</param>
/// <param name="Isolation"><c>container</c>, <c>pod</c> or <c>node</c>.</param>
public sealed record ServerStatus(int Pid, string Version, string Namespace, string Isolation, IReadOnlyList<GuestStatus> Guests);

/// <summary>A container of a shim.</summary>
/// <param name="Pod">The pod's id; of a container without a pod, its own.</param>
/// <param name="State">As containerd calls it: <c>created</c>, <c>running</c>, <c>paused</c>, <c>stopped</c>, …</param>
/// <param name="Output">Where containerd wants its standard output: a FIFO's path, a URI, empty for nowhere; null: an older shim does not tell.</param>
/// <param name="Usage">Null: it cannot be told now.</param>
public sealed record GuestStatus(string Id, string Pod, string State, int Pid, DateTimeOffset CreatedAt, string? Output, GuestUsage? Usage);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ServerStatus))]
[JsonSerializable(typeof(IReadOnlyList<ServerStatus>))]
public sealed partial class NodeStatusJson : JsonSerializerContext;
