using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Skiff.Linux;

namespace Skiff.Wasi.Names;

/// <summary>
/// The resolver of one pod, by the two files below its guest's root and by questions from its network namespace. Of the machine's
/// own resolver it has nothing, nor of the image more than these files: getaddrinfo(3) would load what the image names as modules.
/// </summary>
/// <remarks>
/// As glibc searches: the hosts file, then each candidate of <see cref="ResolverConfiguration.Candidates"/> for addresses of both
/// families, to the first that has any. Nothing is kept of the answers; that is the name server's business.
/// </remarks>
internal sealed class PodNames : INameResolver
{
    private static readonly IdnMapping International = new() { UseStd3AsciiRules = false };

    private readonly RootDirectory? _root;
    private readonly NetworkNamespace _network;
    private readonly DnsExchange _exchange;
    private readonly RootFile<HostsFile> _hosts;
    private readonly RootFile<ResolverConfiguration> _configuration;

    /// <param name="root">The root directory of its guest, if it has one; taken over.</param>
    /// <param name="network">Stays the caller's.</param>
    public PodNames(RootDirectory? root, NetworkNamespace network, TimeProvider time)
    {
        (_root, _network) = (root, network);
        _exchange = new DnsExchange(network, time);
        _hosts = new(_root, HostsFile.Path, HostsFile.BytesMax, HostsFile.Empty, HostsFile.Parse, time);
        _configuration = new(
            _root, ResolverConfiguration.Path, ResolverConfiguration.BytesMax, ResolverConfiguration.Default, ResolverConfiguration.Parse, time);
    }

    public async Task<IPAddress[]> LookUpAsync(string name, CancellationToken cancellation)
    {
        // The guest's thread has no time to read files.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var ascii = AsciiOf(name);
        try
        {
            var known = _hosts.Read().Find(ascii);
            if (known.Count > 0)
            {
                return AddressOrder.Sort(known, _network);
            }

            if (IsLocalhost(ascii))
            {
                return AddressOrder.Sort([IPAddress.Loopback, IPAddress.IPv6Loopback], _network);
            }

            return await SearchAsync(ascii, _configuration.Read(), cancellation);
        }
        catch (Exception fault) when (fault is IOException or InvalidDataException)
        {
            throw new SocketException((int)SocketError.NoRecovery, $"look up {name}: {fault.Message}");
        }
    }

    public void Dispose() => _root?.Dispose();

    private async Task<IPAddress[]> SearchAsync(string name, ResolverConfiguration configuration, CancellationToken cancellation)
    {
        var (hasName, hasFailed) = (false, false);
        foreach (var candidate in configuration.Candidates(name))
        {
            var v4 = _exchange.AskAsync(configuration, candidate, DnsMessage.TypeA, cancellation);
            var v6 = configuration.OnlyV4
                ? Task.FromResult(DnsAnswer.NoData)
                : _exchange.AskAsync(configuration, candidate, DnsMessage.TypeAaaa, cancellation);
            DnsAnswer[] answers = await Task.WhenAll(v6, v4);
            var addresses = answers.SelectMany(answer => answer.Addresses).ToList();
            if (addresses.Count > 0)
            {
                return AddressOrder.Sort(addresses, _network);
            }

            if (answers.Any(answer => answer.Case == DnsAnswer.Kind.Silent))
            {
                // Asking the silent ones for the other candidates would take as long again for each.
                throw new SocketException(
                    (int)SocketError.TryAgain, $"look up {candidate}: no answer from {string.Join(", ", configuration.Servers)} ({ResolverConfiguration.Path} of the guest)");
            }

            hasFailed |= answers.Any(answer => answer.Case == DnsAnswer.Kind.Failed);
            hasName |= !configuration.OnlyV4 && answers.Any(answer => answer.Case == DnsAnswer.Kind.NoData) || answers[1].Case == DnsAnswer.Kind.NoData;
        }

        throw hasFailed
            ? new SocketException((int)SocketError.TryAgain, $"look up {name}: a name server failed ({string.Join(", ", configuration.Servers)})")
            : hasName
                ? new SocketException((int)SocketError.NoData, $"look up {name}: it has no address")
                : new SocketException((int)SocketError.HostNotFound, $"look up {name}: there is no such name");
    }

    // RFC 6761, 6.3, for roots without a hosts file.
    private static bool IsLocalhost(string name) =>
        name.TrimEnd('.').Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || name.TrimEnd('.').EndsWith(".localhost", StringComparison.OrdinalIgnoreCase);

    private static string AsciiOf(string name)
    {
        try
        {
            var ascii = System.Text.Ascii.IsValid(name) ? name : International.GetAscii(name);
            var bare = ascii.EndsWith('.') ? ascii[..^1] : ascii;
            return bare.Length > 0 && DnsMessage.IsName(bare)
                ? ascii
                : throw new SocketException((int)SocketError.HostNotFound, $"look up {name}: no host can have this name");
        }
        catch (ArgumentException fault)
        {
            throw new SocketException((int)SocketError.HostNotFound, $"look up {name}: {fault.Message}");
        }
    }
}
