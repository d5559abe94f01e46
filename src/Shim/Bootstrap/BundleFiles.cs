using System.Globalization;

namespace Skiff.Shim.Bootstrap;

/// <summary>The files of a bundle by which a shim is found again (docs/containerd.md 4).</summary>
internal static class BundleFiles
{
    public const string Config = "config.json";

    /// <summary>FIFO that containerd reads the shim's log from.</summary>
    public const string Log = "log";

    /// <summary>The server's address: containerd 1.6 and 1.7 find their shims again by it.</summary>
    private const string Address = "address";

    private const string ShimPid = "shim.pid";

    private const int AddressBytesMax = 4096;
    private const int PidBytesMax = 16;

    /// <summary>The address; null when the file is missing or does not hold one.</summary>
    public static string? TryReadAddress(string bundle) => TryRead($"{bundle}/{Address}", AddressBytesMax);

    public static void WriteAddress(string bundle, string address) => Replace($"{bundle}/{Address}", address);

    /// <summary>The process that serves the bundle's container, as far as its <c>start</c> knew; null when the file is missing or does not hold one.</summary>
    public static int? TryReadShimPid(string bundle) =>
        int.TryParse(TryRead($"{bundle}/{ShimPid}", PidBytesMax), CultureInfo.InvariantCulture, out var pid) && pid > 0 ? pid : null;

    public static void WriteShimPid(string bundle, int pid) =>
        Replace($"{bundle}/{ShimPid}", pid.ToString(CultureInfo.InvariantCulture));

    /// <summary>
    /// By temp file and rename: a containerd that restarts at this moment reads all of it or nothing. The temp file is this
    /// process's own: several starts of one group may write into one bundle.
    /// </summary>
    private static void Replace(string path, string text)
    {
        var temporary = $"{path}.{Environment.ProcessId}";
        File.WriteAllText(temporary, text);
        File.Move(temporary, path, overwrite: true);
    }

    // containerd may take the bundle away at any moment: another delete of the same container has ended.
    private static string? TryRead(string path, int bytesMax)
    {
        try
        {
            using var file = File.OpenText(path);
            return file.BaseStream.Length <= bytesMax ? file.ReadToEnd() : null;
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
