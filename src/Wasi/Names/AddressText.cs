using System.Net;
using System.Net.Sockets;

namespace Skiff.Wasi.Names;

/// <summary>Addresses as the files have them.</summary>
internal static class AddressText
{
    private const int DotsOfV4 = 3;

    /// <summary>Null for what is no address. Also with the name of an interface: that would be looked up in this process's namespace.</summary>
    public static IPAddress? TryParse(string text)
    {
        var scope = text.IndexOf('%', StringComparison.Ordinal);
        // IPAddress takes 1 and 0x7f.1 for addresses, too.
        return (scope < 0 || text.AsSpan(scope + 1).IndexOfAnyExceptInRange('0', '9') < 0)
            && (text.Contains(':', StringComparison.Ordinal) || text.Count(c => c == '.') == DotsOfV4)
            && IPAddress.TryParse(text, out var address)
            && (address.AddressFamily == AddressFamily.InterNetwork || !address.IsIPv4MappedToIPv6)
                ? address
                : null;
    }
}
