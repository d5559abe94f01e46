using System.Globalization;
using System.Net;
using System.Text;

namespace Skiff.Wasi.Names;

/// <summary>
/// What resolv.conf(5) says, within glibc's limits; what it does not know is passed over, as there. Left out: <c>sortlist</c>, and the
/// options that bear on how glibc asks (edns0, single-request, inet6 and the like).
/// </summary>
internal sealed record ResolverConfiguration
{
    public const string Path = "etc/resolv.conf";

    /// <summary>Kubernetes allows 2048 characters of search domains; comments are long at times.</summary>
    public const int BytesMax = 64 * 1024;

    private const int ServersMax = 3;
    private const int DomainsMax = 32;
    private const int NdotsMax = 15;
    private const int SecondsMax = 30;
    private const int AttemptsMax = 5;

    /// <summary>Without a file, or a name server in it: the one on this machine.</summary>
    public static ResolverConfiguration Default { get; } = new();

    public IReadOnlyList<IPAddress> Servers { get; private init; } = [IPAddress.Loopback];

    /// <summary>Without dots at their ends; the root's is empty.</summary>
    public IReadOnlyList<string> Domains { get; private init; } = [];

    /// <summary>So many dots make a name that is tried as it is before the domains.</summary>
    public int Ndots { get; private init; } = 1;

    /// <summary>How long one server may take.</summary>
    public TimeSpan Timeout { get; private init; } = TimeSpan.FromSeconds(5);

    /// <summary>Rounds through the servers.</summary>
    public int Attempts { get; private init; } = 2;

    /// <summary>Spread the lookups over the servers.</summary>
    public bool Rotate { get; private init; }

    /// <summary>Always ask by TCP (use-vc).</summary>
    public bool UseStream { get; private init; }

    /// <summary>Do not ask for IPv6 addresses (no-aaaa).</summary>
    public bool OnlyV4 { get; private init; }

    public static ResolverConfiguration Parse(ReadOnlySpan<byte> text)
    {
        var result = Default;
        var servers = new List<IPAddress>();
        foreach (var line in Encoding.UTF8.GetString(text).Split('\n'))
        {
            // The keyword must start the line.
            var words = line.Split((char[])[' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 2 || !line.StartsWith(words[0], StringComparison.Ordinal))
            {
                continue;
            }

            switch (words[0])
            {
                case "nameserver" when servers.Count < ServersMax && AddressText.TryParse(words[1]) is { } server:
                    servers.Add(server);
                    break;
                case "search":
                    result = result with { Domains = [.. words.Skip(1).Select(Bare).Where(DnsMessage.IsName).Take(DomainsMax)] };
                    break;
                case "domain":
                    result = result with { Domains = [.. words.Skip(1).Take(1).Select(Bare).Where(DnsMessage.IsName)] };
                    break;
                case "options":
                    result = words.Skip(1).Aggregate(result, With);
                    break;
                default:
                    break;
            }
        }

        return servers.Count > 0 ? result with { Servers = servers } : result;
    }

    /// <summary>The names to ask for, in order, for one that a program asks for.</summary>
    public IReadOnlyList<string> Candidates(string name)
    {
        var bare = Bare(name);
        if (bare.Length < name.Length)
        {
            return [bare];
        }

        var searched = Domains.Select(domain => domain.Length == 0 ? bare : $"{bare}.{domain}").Where(DnsMessage.IsName);
        return [.. (bare.Count(c => c == '.') >= Ndots ? searched.Prepend(bare) : searched.Append(bare)).Distinct(StringComparer.OrdinalIgnoreCase)];
    }

    private static string Bare(string name) => name.EndsWith('.') ? name[..^1] : name;

    private static ResolverConfiguration With(ResolverConfiguration configuration, string option) => option.Split(':') switch
    {
        ["ndots", var text] when Number(text) is { } number => configuration with { Ndots = Math.Min(number, NdotsMax) },
        ["timeout", var text] when Number(text) is { } number => configuration with { Timeout = TimeSpan.FromSeconds(Math.Clamp(number, 1, SecondsMax)) },
        ["attempts", var text] when Number(text) is { } number => configuration with { Attempts = Math.Clamp(number, 1, AttemptsMax) },
        ["rotate"] => configuration with { Rotate = true },
        ["use-vc"] => configuration with { UseStream = true },
        ["no-aaaa"] => configuration with { OnlyV4 = true },
        _ => configuration,
    };

    private static int? Number(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
