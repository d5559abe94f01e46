using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Skiff.Linux;

/// <summary>What a process does to itself.</summary>
public static partial class ThisProcess
{
    /// <summary>
    /// Ends at once (_exit(2)): no finalizers, no waiting for threads, nothing flushed. For signals, and for short programs
    /// that have said all they had to say.
    /// </summary>
    [DoesNotReturn]
    public static void ExitNow(int code)
    {
        _exit(code);
        throw new InvalidOperationException("_exit returned.");
    }

    [LibraryImport(Libc.Name)]
    private static partial void _exit(int code);
}
