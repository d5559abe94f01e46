using System.Net;
using System.Text;

namespace Skiff.Wasi.Names;

/// <summary>The table of hosts(5).</summary>
internal sealed class HostsFile
{
    public const string Path = "etc/hosts";

    /// <summary>The longest that is read.</summary>
    public const int BytesMax = 256 * 1024;

    /// <summary>Pairs of a name and an address. A pod's file has ten.</summary>
    private const int PairsMax = 8192;

    private readonly Dictionary<string, List<IPAddress>> _addresses = new(StringComparer.OrdinalIgnoreCase);

    private HostsFile()
    {
    }

    public static HostsFile Empty { get; } = new();

    /// <exception cref="InvalidDataException">It has more names than anybody needs; the message says how many are allowed.</exception>
    public static HostsFile Parse(ReadOnlySpan<byte> text)
    {
        var hosts = new HostsFile();
        var pairs = 0;
        foreach (var line in Encoding.UTF8.GetString(text).Split('\n'))
        {
            var words = line.Split('#')[0].Split((char[])[' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 2 || AddressText.TryParse(words[0]) is not { } address)
            {
                continue;
            }

            pairs += words.Length - 1;
            if (pairs > PairsMax)
            {
                throw new InvalidDataException($"has more than {PairsMax} names");
            }

            foreach (var name in words.Skip(1))
            {
                hosts.Add(name.TrimEnd('.'), address);
            }
        }

        return hosts;
    }

    /// <summary>Of all lines with the name; none when there is no such line.</summary>
    public IReadOnlyList<IPAddress> Find(string name) => _addresses.TryGetValue(name.TrimEnd('.'), out var addresses) ? addresses : [];

    private void Add(string name, IPAddress address)
    {
        if (!_addresses.TryGetValue(name, out var addresses))
        {
            _addresses[name] = addresses = [];
        }

        // A name with as many addresses as the file has lines is compared with itself: the bound keeps that short.
        if (addresses.Count < DnsMessage.AddressesMax && !addresses.Contains(address))
        {
            addresses.Add(address);
        }
    }
}
