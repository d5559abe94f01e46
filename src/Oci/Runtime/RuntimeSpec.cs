namespace Skiff.Oci.Runtime;

/// <summary>runtime-spec, <c>config.md</c>: the members of a container's configuration that we read. All others pass through untouched.</summary>
public sealed record RuntimeSpec
{
    public required string OciVersion { get; init; }

    /// <summary>Null for a container that is never started (runtime-spec allows it).</summary>
    public ProcessSpec? Process { get; init; }

    public RootSpec? Root { get; init; }

    /// <summary>In the order in which they are mounted: a later one covers an earlier one.</summary>
    public IReadOnlyList<MountSpec> Mounts { get; init; } = [];

    public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();

    public HookCounts Hooks { get; init; }

    /// <summary><c>linux.cgroupsPath</c>: a path, or <c>slice:prefix:name</c> for the systemd driver.</summary>
    public string? CgroupsPath { get; init; }

    /// <summary><c>linux.intelRdt</c> is there: the runtime makes a resource group besides the control group.</summary>
    public bool HasIntelRdt { get; init; }

    public IReadOnlyList<NamespaceSpec> Namespaces { get; init; } = [];

    /// <summary><c>linux.resources</c>, what of it does not need a kernel to hold it.</summary>
    public ResourcesSpec Resources { get; init; } = new();

    /// <exception cref="OciFormatException">Not a container configuration; the message names the member.</exception>
    public static RuntimeSpec Parse(ReadOnlySpan<byte> json) => SpecReader.Spec(json);
}

/// <summary>runtime-spec, <c>config.md</c>, "Process".</summary>
public sealed record ProcessSpec
{
    public bool Terminal { get; init; }

    public required string Cwd { get; init; }

    /// <summary>Each <c>NAME=VALUE</c>.</summary>
    public IReadOnlyList<string> Env { get; init; } = [];

    public IReadOnlyList<string> Args { get; init; } = [];

    /// <summary>runtime-spec, <c>config.md</c>, "POSIX-platform User".</summary>
    public uint UserId { get; init; }

    public uint GroupId { get; init; }

    /// <summary>For an exec: the <c>process</c> object alone.</summary>
    /// <exception cref="OciFormatException">Not a process; the message names the member.</exception>
    public static ProcessSpec Parse(ReadOnlySpan<byte> json) => SpecReader.Process(json);
}

/// <summary>runtime-spec, <c>config.md</c>, "Root".</summary>
/// <param name="Path">Absolute, or relative to the bundle.</param>
public sealed record RootSpec(string Path, bool ReadOnly);

/// <summary>runtime-spec, <c>config.md</c>, "Mounts".</summary>
public sealed record MountSpec
{
    /// <summary>Absolute path in the container.</summary>
    public required string Destination { get; init; }

    public string? Type { get; init; }

    /// <summary>For a bind mount: absolute, or relative to the bundle.</summary>
    public string? Source { get; init; }

    public IReadOnlyList<string> Options { get; init; } = [];

    /// <summary>runtime-spec: the options <c>bind</c> and <c>rbind</c> make a bind mount, whatever the type says.</summary>
    public bool IsBind => Type == "bind" || Options.Contains("bind") || Options.Contains("rbind");
}

/// <summary>runtime-spec, <c>config-linux.md</c>, "Namespaces".</summary>
/// <param name="Path">An existing namespace to join; null: a new one is made.</param>
public sealed record NamespaceSpec(string Type, string? Path);

/// <summary>runtime-spec, <c>config-linux.md</c>, "Memory" and "CPU". Null: not said.</summary>
public sealed record ResourcesSpec
{
    /// <summary><c>memory.limit</c>, in bytes; -1 is no limit.</summary>
    public long? MemoryLimit { get; init; }

    /// <summary><c>cpu.quota</c>, in microseconds of CPU time a period; not above 0 is no limit.</summary>
    public long? CpuQuota { get; init; }

    /// <summary><c>cpu.period</c>, in microseconds.</summary>
    public long? CpuPeriod { get; init; }

    /// <summary><c>cpu.shares</c>: weight against others.</summary>
    public long? CpuShares { get; init; }

    /// <exception cref="OciFormatException">Not a resources object; the message names the member.</exception>
    public static ResourcesSpec Parse(ReadOnlySpan<byte> json) => SpecReader.Resources(json);
}

/// <summary>How many hooks of each kind the configuration has (runtime-spec, <c>config.md</c>, "POSIX-platform Hooks").</summary>
public readonly record struct HookCounts
{
    /// <summary>prestart, createRuntime, createContainer: run by the runtime's create operation.</summary>
    public int AtCreate { get; init; }

    /// <summary>startContainer, poststart: run by the runtime's start operation.</summary>
    public int AtStart { get; init; }

    /// <summary>poststop: run by the runtime's delete operation.</summary>
    public int AtDelete { get; init; }
}
