using System.Text;
using Skiff.Guest;
using Skiff.Linux;

namespace Skiff.Shim.Bootstrap;

/// <summary>
/// The server's socket (docs/containerd.md 4): its name, whether somebody listens on it, and the lock under which it is
/// made and removed. Without the lock two starters could both take a dead socket away, one of them the other's new one.
/// </summary>
internal static class ShimSocket
{
    public const string Scheme = "unix://";
    public const string DefaultFolder = "/run/containerd/s";

    /// <summary>What containerd accepts at most (sun_path without its end).</summary>
    private const int PathBytesMax = 106;

    private const string LockName = "skiff.lock";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>
    /// The path for a group. The program's name and version are part of it, so that after an upgrade new groups get a server of the
    /// new version; a member of a running pod finds the pod's server by its address file, whatever version that is.
    /// </summary>
    public static string PathFor(string folder, string containerdAddress, string @namespace, string group, string programName)
    {
        var key = $"{containerdAddress}/{@namespace}/{group}/{Path.GetFileName(programName)}/{ShimVersion.Version}+{ShimVersion.Revision}";
        var path = $"{folder}/{ContentDigest.Of(Encoding.UTF8.GetBytes(key))}";
        return Encoding.UTF8.GetByteCount(path) <= PathBytesMax
            ? path
            : throw new ShimException(ShimError.InvalidArgument, $"socket_dir {folder} is too long: {path} must have at most {PathBytesMax} bytes");
    }

    /// <summary>The path in an address as containerd writes it; null for another kind of address.</summary>
    public static string? PathOf(string address) =>
        address.StartsWith(Scheme + "/", StringComparison.Ordinal) ? address[Scheme.Length..].TrimEnd('\n') : null;

    /// <summary>Held while a socket is made or removed: a few system calls.</summary>
    public static FileLock Lock(string folder)
    {
        const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        Directory.CreateDirectory(folder, FolderMode);
        return FileLock.Acquire($"{folder}/{LockName}");
    }

    /// <summary>Listens; null when a living server does already. A dead server's socket is replaced. Call with the lock held.</summary>
    /// <param name="server">The living one, as <see cref="UnixPeer.IsListening(string, out int, TimeSpan)"/> finds it.</param>
    public static Microsoft.Win32.SafeHandles.SafeFileHandle? TryListen(string path, out int server)
    {
        server = 0;
        if (UnixListener.TryListen(path, OwnerOnly) is { } free)
        {
            return free;
        }

        if (UnixPeer.IsListening(path, out server))
        {
            return null;
        }

        File.Delete(path);
        return UnixListener.TryListen(path, OwnerOnly)
            ?? throw new ShimException(ShimError.Internal, $"{path} is taken by something that is no socket of a shim: remove it");
    }

    /// <summary>Removes the socket of a server that is gone; one that somebody listens on stays.</summary>
    /// <param name="patience">As <see cref="UnixPeer.IsListening(string, TimeSpan)"/> takes it: containerd sees the end of its connection long before the kernel
    /// closes the socket of a server that was killed.</param>
    public static void RemoveDead(string path, TimeSpan patience)
    {
        if (!File.Exists(path) || UnixPeer.IsListening(path, patience))
        {
            return;
        }

        using var _ = Lock(Path.GetDirectoryName(path)!);
        if (!UnixPeer.IsListening(path))
        {
            File.Delete(path);
        }
    }
}
