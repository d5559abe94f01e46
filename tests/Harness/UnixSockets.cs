namespace Skiff.Harness;

/// <summary>The bound Unix sockets of this machine (proc(5), <c>/proc/net/unix</c>).</summary>
internal static class UnixSockets
{
    private const int Inode = 6;
    private const int PathField = 7;

    /// <summary>Of each, the link that descriptors of it have in <c>/proc/PID/fd</c>, and its path.</summary>
    public static IEnumerable<(string Link, string Path)> All() =>
        File.ReadAllLines("/proc/net/unix").Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(fields => fields.Length == PathField + 1)
            .Select(fields => ($"socket:[{fields[Inode]}]", fields[PathField]));

    /// <summary>The paths of those that a process has open.</summary>
    public static IReadOnlyList<string> OpenIn(int pid)
    {
        var paths = All().ToLookup(socket => socket.Link, socket => socket.Path, StringComparer.Ordinal);
        try
        {
            return [.. Directory.EnumerateFiles($"/proc/{pid}/fd").SelectMany(file => paths[new FileInfo(file).LinkTarget ?? ""])];
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
