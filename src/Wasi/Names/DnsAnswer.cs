using System.Net;

namespace Skiff.Wasi.Names;

/// <summary>What came of one question to one server.</summary>
internal sealed record DnsAnswer(DnsAnswer.Kind Case, IReadOnlyList<IPAddress> Addresses)
{
    internal enum Kind
    {
        Addresses,

        /// <summary>The name exists and has none of the kind.</summary>
        NoData,

        NoSuchName,

        /// <summary>The server cannot or does not want to say, or says nonsense.</summary>
        Failed,

        /// <summary>Ask again by TCP.</summary>
        Truncated,

        /// <summary>Not to this question: go on waiting.</summary>
        Unrelated,

        /// <summary>Nothing came.</summary>
        Silent,
    }

    public static DnsAnswer NoData { get; } = new(Kind.NoData, []);

    public static DnsAnswer NoSuchName { get; } = new(Kind.NoSuchName, []);

    public static DnsAnswer Failed { get; } = new(Kind.Failed, []);

    public static DnsAnswer Truncated { get; } = new(Kind.Truncated, []);

    public static DnsAnswer Unrelated { get; } = new(Kind.Unrelated, []);

    public static DnsAnswer Silent { get; } = new(Kind.Silent, []);

    public static DnsAnswer Of(IReadOnlyList<IPAddress> addresses) => new(Kind.Addresses, addresses);
}
