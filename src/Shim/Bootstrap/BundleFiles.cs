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

    /// <summary>The address; null when the file is missing or does not hold one.</summary>
    public static string? TryReadAddress(string bundle)
    {
        var path = $"{bundle}/{Address}";
        var file = new FileInfo(path);
        return file.Exists && file.Length <= AddressBytesMax ? File.ReadAllText(path) : null;
    }

    public static void WriteAddress(string bundle, string address) => Replace($"{bundle}/{Address}", address);

    public static void WriteShimPid(string bundle, int pid) =>
        Replace($"{bundle}/{ShimPid}", pid.ToString(System.Globalization.CultureInfo.InvariantCulture));

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
}
