using System.Runtime.InteropServices;

namespace Skiff.Linux;

/// <summary>
/// The user as whom one thread opens and makes files (setfsuid(2), setfsgid(2)), in a process that works for several. Leaving root also
/// leaves the capabilities that concern files, until it is root again. Supplementary groups are the process's: let it have none.
/// </summary>
public static partial class FileUser
{
    private const uint Root = 0;

    /// <summary>For this thread, until <see cref="Restore"/> on the same one. Groups first: afterwards it would not be allowed.</summary>
    public static void Become(uint user, uint group)
    {
        _ = setfsgid(group);
        _ = setfsuid(user);
    }

    /// <summary>Back to root, which a process must be that uses this.</summary>
    public static void Restore()
    {
        _ = setfsuid(Root);
        _ = setfsgid(Root);
        // It answers what held before; nothing can be done for others on this thread if it still is somebody else.
        if (setfsuid(Root) != (int)Root)
        {
            Environment.FailFast("a thread cannot become root again for files");
        }
    }

    /// <summary>Takes the supplementary groups from the whole process; needs CAP_SETGID.</summary>
    public static unsafe void DropGroups() => Libc.Check(setgroups(0, null), "setgroups");

    [LibraryImport(Libc.Name)]
    private static partial int setfsuid(uint user);

    [LibraryImport(Libc.Name)]
    private static partial int setfsgid(uint group);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static unsafe partial int setgroups(nuint count, uint* groups);
}
