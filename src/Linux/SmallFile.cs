using System.Runtime.InteropServices;
using System.Text;

namespace Skiff.Linux;

/// <summary>Files of /proc and of control groups: short texts without a size, that may vanish at any moment.</summary>
internal static class SmallFile
{
    /// <summary>The longest such file we read (mountinfo of a node with thousands of mounts, cgroup.procs of a large pod).</summary>
    private const int BytesMax = 16 * 1024 * 1024;

    /// <summary>The whole text; null when the file, or the process or group it tells of, is gone or has no such figure.</summary>
    public static unsafe string? TryRead(string path)
    {
        var descriptor = Libc.Open(path, Libc.O_RDONLY);
        if (descriptor < 0 && Gone())
        {
            return null;
        }

        using var file = Libc.Own(descriptor, "open", path);
        var buffer = new byte[4096];
        for (var length = 0; ;)
        {
            nint count;
            fixed (byte* start = buffer)
            {
                count = Libc.read(file, start + length, (nuint)(buffer.Length - length));
            }

            if (count < 0 && Gone())
            {
                return null;
            }

            Libc.Check(count, "read", path);
            if (count == 0)
            {
                return Encoding.UTF8.GetString(buffer, 0, length);
            }

            length += (int)count;
            if (length == buffer.Length)
            {
                var grown = length < BytesMax
                    ? length * 2
                    : throw new LinuxException($"read (longer than {BytesMax} bytes)", Errno.EINVAL, path);
                Array.Resize(ref buffer, grown);
            }
        }
    }

    /// <summary>Like <see cref="TryRead"/>, for a file whose absence is a failure.</summary>
    public static string Read(string path) => TryRead(path) ?? throw new LinuxException("read", Errno.ENOENT, path);

    /// <summary>Writes in one call, as these files demand; false when the file is gone.</summary>
    public static unsafe bool TryWrite(string path, string text)
    {
        var descriptor = Libc.Open(path, Libc.O_WRONLY);
        if (descriptor < 0 && Gone())
        {
            return false;
        }

        using var file = Libc.Own(descriptor, "open for writing", path);
        var bytes = Encoding.UTF8.GetBytes(text);
        fixed (byte* start = bytes)
        {
            if (Libc.write(file, start, (nuint)bytes.Length) < 0)
            {
                return Gone() ? false : throw Libc.Failure($"write {text} to", path);
            }
        }

        return true;
    }

    private static bool Gone() =>
        Marshal.GetLastPInvokeError() is Errno.ENOENT or Errno.ENOTDIR or Errno.ENODEV or Errno.ESRCH or Errno.EOPNOTSUPP;
}
