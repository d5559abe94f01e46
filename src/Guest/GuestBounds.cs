using System.Globalization;

namespace Skiff.Guest;

/// <summary>
/// How much of what the host keeps for a guest it may have at most, over all its instances. Each has a default; the operator's word
/// stands for it (runtime option <c>max_sockets</c>, …), and a pod's (annotation <c>skiff.dev/max-sockets</c>, …) can only lower it.
/// </summary>
public sealed record GuestBounds
{
    public const string InFlightWord = "max-in-flight";
    public const string OpenFilesWord = "max-open-files";
    public const string SocketsWord = "max-sockets";
    public const string TimersWord = "max-timers";
    public const string ConnectionsWord = "max-connections";
    public const string LogRateWord = "max-log-rate";

    /// <summary>Nothing is said.</summary>
    public static GuestBounds None { get; } = new();

    /// <summary>Where the guest is its process's only one: enough for a thousand requests at once with some files each.</summary>
    public static GuestBounds Default { get; } = new() { InFlight = 1000, OpenFiles = 16_384, Sockets = 4096, Timers = 16_384, Connections = 20_000 };

    /// <summary>Where guests share a process: what one writes costs containerd and the disk of all.</summary>
    public static GuestBounds Shared { get; } = Default with { LogRate = 16 << 20 };

    /// <summary>The words, as annotations have them behind <see cref="GuestPermissions.AnnotationPrefix"/>.</summary>
    public static IReadOnlyList<string> Names { get; } = [InFlightWord, OpenFilesWord, SocketsWord, TimersWord, ConnectionsWord, LogRateWord];

    /// <summary>Requests that are worked on at once, if it answers requests: instances.</summary>
    public int? InFlight { get; init; }

    /// <summary>Files, directories, listings of directories, and sockets.</summary>
    public int? OpenFiles { get; init; }

    /// <summary>Sockets that it opens or accepts, and connections of its HTTP requests.</summary>
    public int? Sockets { get; init; }

    /// <summary>Times that it waits for.</summary>
    public int? Timers { get; init; }

    /// <summary>Connections of its clients alive at once, if it answers requests. Further ones wait in the kernel's backlog.</summary>
    public int? Connections { get; init; }

    /// <summary>Bytes a second that it writes to stdout and stderr together. Null as a default: as fast as they are read.</summary>
    public long? LogRate { get; init; }

    /// <summary>Adds what one word says.</summary>
    /// <exception cref="GuestException">The message names the word and what is wrong with its value.</exception>
    public GuestBounds With(string name, string value) => name switch
    {
        InFlightWord => this with { InFlight = Count(name, value) },
        OpenFilesWord => this with { OpenFiles = Count(name, value) },
        SocketsWord => this with { Sockets = Count(name, value) },
        TimersWord => this with { Timers = Count(name, value) },
        ConnectionsWord => this with { Connections = Count(name, value) },
        LogRateWord => this with { LogRate = GuestPermissions.Bytes(name, value) },
        _ => throw new GuestException($"{name} is no limit; there are {string.Join(", ", Names)}"),
    };

    /// <summary>What is said here, and <paramref name="others"/> for what is not.</summary>
    public GuestBounds Or(GuestBounds others)
    {
        ArgumentNullException.ThrowIfNull(others);
        return new GuestBounds
        {
            InFlight = InFlight ?? others.InFlight,
            OpenFiles = OpenFiles ?? others.OpenFiles,
            Sockets = Sockets ?? others.Sockets,
            Timers = Timers ?? others.Timers,
            Connections = Connections ?? others.Connections,
            LogRate = LogRate ?? others.LogRate,
        };
    }

    /// <summary>The lower of both, each.</summary>
    public GuestBounds Within(GuestBounds others)
    {
        ArgumentNullException.ThrowIfNull(others);
        return new GuestBounds
        {
            InFlight = Least(InFlight, others.InFlight),
            OpenFiles = Least(OpenFiles, others.OpenFiles),
            Sockets = Least(Sockets, others.Sockets),
            Timers = Least(Timers, others.Timers),
            Connections = Least(Connections, others.Connections),
            LogRate = Least(LogRate, others.LogRate),
        };
    }

    /// <summary>The lower of two limits of which each may be none.</summary>
    public static T? Least<T>(T? left, T? right)
        where T : struct, IComparable<T> =>
        left is { } one && right is { } other ? (one.CompareTo(other) < 0 ? one : other) : left ?? right;

    private static int Count(string name, string value) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : throw new GuestException($"{name}: '{value}' is no number from 1");
}
