using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Skiff.Linux;

/// <summary>
/// A thread with a mount namespace of its own, in which a container's file tree is put together and its first process started:
/// what it mounts is seen by that process and nobody else, and goes with it, also when this process is killed.
/// </summary>
/// <remarks>
/// A thread that is started from this one would inherit its namespaces and hold them for ever. So jobs must start no thread and await
/// nothing; completing a task, which may start a thread of the pool, is left to a <see cref="MessengerThread"/>; and the program must
/// have no background collector, which whoever sets it off first starts (as the shim is built).
/// </remarks>
public sealed partial class NamespaceWorker : IDisposable
{
    private const int CLONE_FS = 0x200;
    private const int CLONE_NEWNS = 0x20000;
    private const int CLONE_NEWNET = 0x40000000;
    private const nint SYS_pivot_root_x64 = 155;
    private const nint SYS_pivot_root_arm64 = 41;
    private const int MNT_DETACH = 2;
    private const ulong SIOCGIFFLAGS = 0x8913;
    private const ulong SIOCSIFFLAGS = 0x8914;
    private const short IFF_UP = 1;
    private const int FamilyInternet = 2;
    private const int DatagramsCloseOnExec = 2 | Libc.O_CLOEXEC;

    /// <summary>Little is called here, and nothing that recurses.</summary>
    private const int StackBytes = 512 * 1024;

    private readonly BlockingCollection<Action> _jobs = [];
    private readonly MessengerThread _messenger;
    private bool _inside;

    public NamespaceWorker(MessengerThread messenger)
    {
        _messenger = messenger;
        new Thread(Work, StackBytes) { IsBackground = true, Name = "container's file tree" }.Start();
    }

    /// <summary>Runs a job inside, where the thread stays from the first one on. The mount namespace receives the node's unmounts.</summary>
    public Task<T> RunAsync<T>(Func<T> job)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _jobs.Add(() =>
        {
            try
            {
                Enter();
                var result = job();
                _messenger.Post(() => done.SetResult(result));
            }
            catch (Exception failure)
            {
                _messenger.Post(() => done.SetException(failure));
            }
        });
        return done.Task;
    }

    /// <summary>In a job: from now on in the network namespace at <paramref name="path"/>.</summary>
    /// <returns>The namespace; the caller's.</returns>
    public static SafeFileHandle JoinNetwork(string path)
    {
        var joined = Libc.Own(Libc.Open(path, Libc.O_RDONLY), "open the network namespace", path);
        if (setns(joined, CLONE_NEWNET) < 0)
        {
            joined.Dispose();
            throw Libc.Failure("enter the network namespace", path);
        }

        return joined;
    }

    /// <summary>In a job: from now on in a new network namespace, with nothing but a loopback interface, which is up.</summary>
    /// <returns>The namespace; the caller's.</returns>
    public static SafeFileHandle MakeNetwork()
    {
        Libc.Check(unshare(CLONE_NEWNET), "make a network namespace");

        // Not a Socket, whose first one may start the thread that watches sockets.
        using var socket = Libc.Own(NamespaceThread.Open(FamilyInternet, DatagramsCloseOnExec), "make a socket");
        var request = new InterfaceRequest();
        "lo"u8.CopyTo(request.Name);
        Libc.Check(ioctl(socket, (nuint)SIOCGIFFLAGS, ref request), "read the flags of the interface", "lo");
        request.Flags |= IFF_UP;
        Libc.Check(ioctl(socket, (nuint)SIOCSIFFLAGS, ref request), "bring up the interface", "lo");
        return OpenOwn("net");
    }

    /// <summary>
    /// In a job, the last one: makes <paramref name="folder"/>, a mount, the root of the namespace for every process in it, and lets
    /// go of all else that was mounted.
    /// </summary>
    /// <returns>The new root (O_PATH).</returns>
    public static SafeFileHandle PivotTo(string folder)
    {
        Libc.Check(chdir(folder), "chdir", folder);

        // pivot_root(2), "pivot_root(".", ".")": the old root ends up on top of the new one, from where it is taken away.
        var number = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? SYS_pivot_root_arm64 : SYS_pivot_root_x64;
        Libc.Check(pivot_root(number, ".", "."), "pivot_root", folder);
        Libc.Check(umount2(".", MNT_DETACH), "unmount the old root");
        return Libc.Own(Libc.Open("/", Libc.O_PATH | Libc.O_DIRECTORY), "open", "/");
    }

    /// <summary>The thread ends, and lets go of its namespaces, after the jobs that were given before.</summary>
    public void Dispose() => _jobs.CompleteAdding();

    private static SafeFileHandle OpenOwn(string name)
    {
        var path = $"/proc/thread-self/ns/{name}";
        return Libc.Own(Libc.Open(path, Libc.O_RDONLY), "open", path);
    }

    private void Enter()
    {
        if (!_inside)
        {
            Libc.Check(unshare(CLONE_FS | CLONE_NEWNS), "make a mount namespace");
            _inside = true;
            Mounts.MakeSlave("/");
        }
    }

    private void Work()
    {
        foreach (var job in _jobs.GetConsumingEnumerable())
        {
            job();
        }
    }

    /// <summary>ifreq, as far as SIOCGIFFLAGS uses it.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 40)]
    private struct InterfaceRequest
    {
        public InterfaceName Name;
        public short Flags;
    }

    [System.Runtime.CompilerServices.InlineArray(16)]
    private struct InterfaceName
    {
        private byte _first;
    }

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static partial int unshare(int flags);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static partial int setns(SafeHandle descriptor, int type);

    [LibraryImport(Libc.Name, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int chdir(string path);

    [LibraryImport(Libc.Name, SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int umount2(string target, int flags);

    [LibraryImport(Libc.Name, EntryPoint = "syscall", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint pivot_root(nint number, string newRoot, string putOld);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static partial int ioctl(SafeHandle socket, nuint request, ref InterfaceRequest argument);
}
