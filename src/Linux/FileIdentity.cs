using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Skiff.Linux;

/// <summary>
/// What stays the same as long as a file and its content stay the same: no call lets a program set the change time (ctime), and
/// each change of the content sets it. Two exceptions: a change within the clock's tick of the change before, and stores through
/// a writable mapping between two writebacks.
/// </summary>
/// <param name="Device">Major number in the low, minor in the high 32 bits.</param>
/// <param name="Modified">Nanoseconds since the epoch (mtime).</param>
/// <param name="Changed">Nanoseconds since the epoch (ctime).</param>
public readonly record struct FileIdentity(ulong Device, ulong Inode, long Bytes, Int128 Modified, Int128 Changed)
{
    public static FileIdentity Of(SafeFileHandle file) => FileStatus.Identity(file, "an open file");

    /// <summary>Whether the last change lies further back than any clock tick that a next one could share with it.</summary>
    public bool IsSettled(TimeProvider time) =>
        time.GetUtcNow() - DateTimeOffset.UnixEpoch > TimeSpan.FromTicks((long)(Changed / TimeSpan.NanosecondsPerTick)) + TimeSpan.FromSeconds(2);

    /// <summary>Digits and dashes: may be the name of a file.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Device:x}-{Inode:x}-{Bytes:x}-{Modified}-{Changed}");
}
