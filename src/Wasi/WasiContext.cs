namespace Skiff.Wasi;

/// <summary>What one guest is granted. Empty grants nothing.</summary>
public sealed record WasiContext
{
    /// <summary>Argument vector, element 0 included.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    public IReadOnlyList<KeyValuePair<string, string>> Environment { get; init; } = [];

    public IReadOnlyList<Preopen> Preopens { get; init; } = [];

    /// <summary>Sockets and name lookup.</summary>
    public bool Network { get; init; }
}

/// <summary>A directory of the host that is open for the guest when it starts.</summary>
public sealed record Preopen(string HostPath, string GuestPath, bool ReadOnly);
