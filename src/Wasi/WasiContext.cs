using System.Net;
using Skiff.Guest;
using Skiff.Wasi.Quotas;
using Skiff.Wasi.Sockets;
using Skiff.Wasi.Streams;

namespace Skiff.Wasi;

/// <summary>What one guest is granted. Empty grants nothing.</summary>
public sealed record WasiContext
{
    /// <summary>Argument vector, element 0 included.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    public IReadOnlyList<KeyValuePair<string, string>> Environment { get; init; } = [];

    /// <summary>What <c>initial-cwd</c> answers; null for none.</summary>
    public string? WorkingDirectory { get; init; }

    public IReadOnlyList<Preopen> Preopens { get; init; } = [];

    /// <summary>Sockets and name lookup.</summary>
    public NetworkGrants Network { get; init; } = NetworkGrants.None;

    /// <summary>Where its sockets are made and its names looked up. Outlives the guest's state, which does not dispose it.</summary>
    public GuestNetworkPlace Place { get; init; } = new();

    /// <summary>
    /// TCP addresses that are listened at before a Preview 1 guest starts, which gets the sockets as its first descriptors
    /// behind the directories. Preview 2 guests listen by themselves.
    /// </summary>
    public IReadOnlyList<IPEndPoint> Listeners { get; init; } = [];

    /// <summary>The standard streams; null: nothing to read, and what is written is thrown away.</summary>
    public StandardStreams? Stdio { get; init; }

    /// <summary>Shared by all instances of the guest: a copy of this has the same.</summary>
    public WasiQuotas Quotas { get; init; } = new(GuestBounds.Default, TimeProvider.System);
}

/// <summary>A directory of the host that is open for the guest when it starts.</summary>
public sealed record Preopen(string HostPath, string GuestPath, bool ReadOnly);
