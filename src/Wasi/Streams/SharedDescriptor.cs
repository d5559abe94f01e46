using System.Runtime.InteropServices;

namespace Skiff.Wasi.Streams;

/// <summary>
/// An open descriptor that a resource and the streams made of it hold together: it is closed with the last of them. Born
/// with one holder.
/// </summary>
internal sealed class SharedDescriptor(SafeHandle handle, bool isNonBlocking)
{
    private int _holders = 1;

    public SafeHandle Handle => handle;

    /// <summary>Whether the kernel answers EAGAIN instead of waiting. If not, it has to be asked first.</summary>
    public bool IsNonBlocking => isNonBlocking;

    public SharedDescriptor Hold()
    {
        Interlocked.Increment(ref _holders);
        return this;
    }

    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            handle.Dispose();
        }
    }
}
