using System.Text.Json.Serialization;

namespace Skiff.Guest;

/// <summary>
/// What the maker of a sandbox tells a guest host to run (<see cref="HostProtocol"/>): as <see cref="GuestSpec"/>, but for what travels
/// as descriptors.
/// </summary>
public sealed record GuestOrder
{
    /// <summary>Who it is, for logs and metrics: <c>namespace/container</c> of containerd.</summary>
    public required string Name { get; init; }

    /// <summary>The pod it belongs to; a container without a pod is its own.</summary>
    public required string Pod { get; init; }

    /// <summary>See <see cref="GuestSpec.Arguments"/>.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary><c>NAME=VALUE</c> each, as the OCI spec has them.</summary>
    public required IReadOnlyList<string> Environment { get; init; }

    /// <summary>See <see cref="GuestSpec.Export"/>.</summary>
    public string? Export { get; init; }

    public required CodeKind Kind { get; init; }

    /// <summary>The operator's words and values of <see cref="GuestBounds"/>. Left out: none.</summary>
    public IReadOnlyList<string[]>? Bounds { get; init; }

    /// <summary>Words and values of <see cref="GuestPermissions"/>, in the order in which they apply.</summary>
    public required IReadOnlyList<string[]> Permissions { get; init; }

    /// <summary>The user that the guest's files belong to: user and group id of the OCI spec's process.</summary>
    public uint UserId { get; init; }

    public uint GroupId { get; init; }

    public GuestResources Resources { get; init; } = new();
}

/// <summary>Limits of the OCI spec's <c>linux.resources</c>. Null: none.</summary>
public sealed record GuestResources
{
    /// <summary><c>memory.limit</c>, in bytes: all that the guest holds together.</summary>
    public long? MemoryBytes { get; init; }

    /// <summary><c>cpu.quota</c> ÷ <c>cpu.period</c>: processors' worth of CPU time.</summary>
    public double? Cpu { get; init; }

    /// <summary><c>cpu.shares</c> (2 to 262144; 1024 is what a container without a request has).</summary>
    public long? Shares { get; init; }
}

/// <summary>What a guest has used so far.</summary>
public sealed record GuestUsage
{
    /// <summary>CPU time of the threads while they ran the guest, in nanoseconds.</summary>
    public long CpuNanoseconds { get; init; }

    /// <summary>Bytes that the guest holds in linear memories (docs/decisions/0012 says what is not counted).</summary>
    public long MemoryBytes { get; init; }

    /// <summary>Its limit; null: none. Filled in by the maker, who knows it.</summary>
    public long? MemoryLimitBytes { get; init; }

    /// <summary>HTTP requests answered.</summary>
    public long Requests { get; init; }

    /// <summary>HTTP requests being answered.</summary>
    public long RequestsInFlight { get; init; }

    /// <summary>HTTP requests refused (503), because the guest or its process had as many as they may have.</summary>
    public long RequestsRefused { get; init; }

    /// <summary>Connections of its clients, and how often there were as many as may be.</summary>
    public long Connections { get; init; }

    public long ConnectionsHeldBack { get; init; }

    /// <summary>Instances alive.</summary>
    public long Instances { get; init; }

    /// <summary>What it has open, waits for and has written, of <see cref="GuestBounds"/>.</summary>
    public long OpenFiles { get; init; }

    public long Sockets { get; init; }

    public long Timers { get; init; }

    public long LogBytes { get; init; }

    /// <summary>How often it was refused one more of each.</summary>
    public long OpenFilesRefused { get; init; }

    public long SocketsRefused { get; init; }

    public long TimersRefused { get; init; }

    /// <summary>How long what it wrote had to wait for <see cref="GuestBounds.LogRate"/>, in nanoseconds.</summary>
    public long LogHeldNanoseconds { get; init; }

    /// <summary>How often it was ended for want of memory, or refused some.</summary>
    public long MemoryRefusals { get; init; }

    /// <summary>How long its quota has held it back, in nanoseconds, and in how many waits.</summary>
    public long ThrottledNanoseconds { get; init; }

    public long Throttles { get; init; }
}

/// <summary>The JSON of the protocol; made at build time, as NativeAOT needs it.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(GuestOrder))]
[JsonSerializable(typeof(GuestResources))]
[JsonSerializable(typeof(GuestUsage))]
public sealed partial class GuestOrderJson : JsonSerializerContext;
