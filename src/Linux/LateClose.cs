using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Skiff.Linux;

/// <summary>
/// Closes what may be the last handle of a file system, on a thread of its own. With it an overlay writes its upper file system back
/// (the kernel's ovl_sync_fs: a commit of that one's journal), which takes as long as the disk takes, and nobody has to wait for.
/// </summary>
/// <remarks>One thread for all: a storm of deletes must not fill the thread pool with threads that wait for a disk. What is not closed when the process ends, the kernel closes.</remarks>
public static class LateClose
{
    private static readonly Lazy<BlockingCollection<SafeHandle>> Handles = new(Begin);

    /// <summary>Takes <paramref name="handle"/> over, and closes it some time after the return.</summary>
    public static void Add(SafeHandle handle) => Handles.Value.Add(handle);

    private static BlockingCollection<SafeHandle> Begin()
    {
        var handles = new BlockingCollection<SafeHandle>();
        new Thread(() => Work(handles)) { IsBackground = true, Name = "late close" }.Start();
        return handles;
    }

    private static void Work(BlockingCollection<SafeHandle> handles)
    {
        foreach (var handle in handles.GetConsumingEnumerable())
        {
            handle.Dispose();
        }
    }
}
