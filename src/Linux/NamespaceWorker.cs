using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Skiff.Linux;

/// <summary>
/// A thread with a mount namespace of its own, in which a container's file tree is put together and its first process started:
/// what it mounts is seen by that process and nobody else, and goes with it, also when this process is killed.
/// </summary>
/// <remarks>
/// The thread is inside only while a job runs: completing a job may start a thread of the pool, which would inherit the namespaces.
/// Jobs must start no thread and await nothing.
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

    /// <summary>Little is called here, and nothing that recurses.</summary>
    private const int StackBytes = 512 * 1024;

    private readonly BlockingCollection<Action> _jobs = [];
    private readonly SafeFileHandle _homeMounts;
    private readonly SafeFileHandle _homeNetwork;
    private SafeFileHandle? _mounts;
    private SafeFileHandle? _network;

    // Whether this thread has a mount namespace of its own; before, it shares its root and folder with all others.
    private bool _apart;

    public NamespaceWorker()
    {
        _homeMounts = OpenOwn("mnt");
        _homeNetwork = OpenOwn("net");
        new Thread(Work, StackBytes) { IsBackground = true, Name = "container's file tree" }.Start();
    }

    /// <summary>The network namespace that the last job left chosen; null: this process's. Stays this object's.</summary>
    public SafeFileHandle? Network => _network;

    /// <summary>Runs a job inside. The mount namespace is made with the first one, and receives the node's unmounts.</summary>
    public Task<T> RunAsync<T>(Func<T> job)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _jobs.Add(() =>
        {
            try
            {
                done.SetResult(Inside(job));
            }
            catch (Exception failure)
            {
                done.SetException(failure);
            }
        });
        return done.Task;
    }

    /// <summary>In a job: from now on in the network namespace at <paramref name="path"/>.</summary>
    public void JoinNetwork(string path)
    {
        var joined = Libc.Own(Libc.Open(path, Libc.O_RDONLY), "open the network namespace", path);
        Libc.Check(setns(joined, CLONE_NEWNET), "enter the network namespace", path);
        _network = joined;
    }

    /// <summary>In a job: from now on in a new network namespace, with nothing but a loopback interface, which is up.</summary>
    public void MakeNetwork()
    {
        Libc.Check(unshare(CLONE_NEWNET), "make a network namespace");
        _network = OpenOwn("net");
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        var request = new InterfaceRequest();
        "lo"u8.CopyTo(request.Name);
        Libc.Check(ioctl(socket.SafeHandle, (nuint)SIOCGIFFLAGS, ref request), "read the flags of the interface", "lo");
        request.Flags |= IFF_UP;
        Libc.Check(ioctl(socket.SafeHandle, (nuint)SIOCSIFFLAGS, ref request), "bring up the interface", "lo");
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

    public void Dispose() => _jobs.CompleteAdding();

    private static SafeFileHandle OpenOwn(string name)
    {
        var path = $"/proc/thread-self/ns/{name}";
        return Libc.Own(Libc.Open(path, Libc.O_RDONLY), "open", path);
    }

    private T Inside<T>(Func<T> job)
    {
        try
        {
            Enter();
            return job();
        }
        finally
        {
            // A thread that cannot go home would hand a pod's namespaces on to threads of the pool.
            if (_apart && (setns(_homeMounts, CLONE_NEWNS) != 0 || setns(_homeNetwork, CLONE_NEWNET) != 0))
            {
                Environment.FailFast($"a thread cannot leave a container's namespaces: {Libc.Failure("setns").Message}");
            }
        }
    }

    private void Enter()
    {
        if (_mounts is null)
        {
            Libc.Check(unshare(CLONE_FS | CLONE_NEWNS), "make a mount namespace");
            _apart = true;
            _mounts = OpenOwn("mnt");
            Mounts.MakeSlave("/");
        }
        else
        {
            Libc.Check(setns(_mounts, CLONE_NEWNS), "enter the mount namespace");
        }

        if (_network is not null)
        {
            Libc.Check(setns(_network, CLONE_NEWNET), "enter the network namespace");
        }
    }

    private void Work()
    {
        foreach (var job in _jobs.GetConsumingEnumerable())
        {
            job();
        }

        _mounts?.Dispose();
        _network?.Dispose();
        _homeMounts.Dispose();
        _homeNetwork.Dispose();
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
