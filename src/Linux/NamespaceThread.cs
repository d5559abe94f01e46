using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Skiff.Linux;

/// <summary>The thread on which sockets of foreign network namespaces are made. One a process is enough.</summary>
/// <remarks>
/// A thread inherits the namespace of the one that starts it, and holds it for ever. While this thread is abroad, nothing may run on
/// it that could start another: not only asynchronous code (the thread that watches sockets starts with the first operation of the
/// process), but also an allocation (the collector starts its background thread when one sets it off) and, under the JIT, the first
/// call of a method. So three system calls are all that is done there.
/// </remarks>
public sealed partial class NamespaceThread : IDisposable
{
    private const int CLONE_NEWNET = 0x40000000;
    private const int FamilyInternet = 2;
    private const int DatagramsCloseOnExec = 2 | Libc.O_CLOEXEC;

    private readonly BlockingCollection<Job> _jobs = [];
    private readonly SafeFileHandle _home;

    public NamespaceThread()
    {
        _home = Libc.Own(Libc.Open("/proc/thread-self/ns/net", Libc.O_RDONLY), "open", "/proc/thread-self/ns/net");
        new Thread(Work) { IsBackground = true, Name = "network namespaces" }.Start();
    }

    /// <summary>Ends the thread after the sockets that were asked for before.</summary>
    public void Dispose() => _jobs.CompleteAdding();

    /// <summary>As socket(2), here: a descriptor, or the negative error number.</summary>
    internal static int Open(int family, int type)
    {
        var descriptor = socket(family, type, 0);
        return descriptor >= 0 ? descriptor : -Marshal.GetLastSystemError();
    }

    /// <summary>As socket(2), in a namespace. Blocks the caller for some microseconds.</summary>
    internal int Open(SafeFileHandle @namespace, int family, int type)
    {
        var job = new Job(@namespace, family, type);
        _jobs.Add(job);
        return job.Task.GetAwaiter().GetResult();
    }

    // AggressiveOptimization: compiled whole when it is first called, which is at home (see Work).
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int OpenAbroad(int @namespace, int home, int family, int type, out bool isHome)
    {
        isHome = true;
        if (setns(@namespace, CLONE_NEWNET) != 0)
        {
            return -Marshal.GetLastSystemError();
        }

        var descriptor = socket(family, type, 0);
        var answer = descriptor >= 0 ? descriptor : -Marshal.GetLastSystemError();
        isHome = setns(home, CLONE_NEWNET) == 0;
        return answer;
    }

    private void Work()
    {
        using var home = _home;
        using (var first = new SafeFileHandle(Open(new Job(home, FamilyInternet, DatagramsCloseOnExec)), ownsHandle: true))
        {
            // Made for nothing but to have all code on the way compiled.
        }

        foreach (var job in _jobs.GetConsumingEnumerable())
        {
            try
            {
                job.SetResult(Open(job));
            }
            catch (ObjectDisposedException gone)
            {
                job.SetException(gone);
            }
        }
    }

    private int Open(Job job)
    {
        var held = false;
        try
        {
            job.Namespace.DangerousAddRef(ref held);
            var answer = OpenAbroad(
                (int)job.Namespace.DangerousGetHandle(), (int)_home.DangerousGetHandle(), job.Family, job.Type, out var isHome);
            // Nothing sensible can be done on this thread any more if it cannot go home: later sockets would be in the wrong place.
            if (!isHome)
            {
                Environment.FailFast("the thread for network namespaces cannot leave one: "
                    + Marshal.GetPInvokeErrorMessage(Marshal.GetLastSystemError()));
            }

            return answer;
        }
        finally
        {
            if (held)
            {
                job.Namespace.DangerousRelease();
            }
        }
    }

    // Without SetLastError, which would put managed code between the calls.
    [LibraryImport(Libc.Name)]
    private static partial int setns(int descriptor, int type);

    [LibraryImport(Libc.Name)]
    private static partial int socket(int domain, int type, int protocol);

    private sealed class Job(SafeFileHandle @namespace, int family, int type)
        : TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public SafeFileHandle Namespace => @namespace;

        public int Family => family;

        public int Type => type;
    }
}
