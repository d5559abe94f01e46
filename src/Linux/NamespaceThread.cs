using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Skiff.Linux;

/// <summary>The thread on which sockets of foreign namespaces are made. One a process is enough.</summary>
public sealed partial class NamespaceThread : IDisposable
{
    private const int CLONE_NEWNET = 0x40000000;

    private readonly BlockingCollection<Action> _jobs = [];
    private readonly SafeFileHandle _home;

    public NamespaceThread()
    {
        StartSocketEngine();
        _home = Libc.Own(Libc.Open("/proc/thread-self/ns/net", Libc.O_RDONLY), "open", "/proc/thread-self/ns/net");
        new Thread(Work) { IsBackground = true, Name = "network namespaces" }.Start();
    }

    public void Dispose() => _jobs.CompleteAdding();

    internal T Run<T>(SafeFileHandle @namespace, Func<T> make)
    {
        var made = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _jobs.Add(() =>
        {
            try
            {
                made.SetResult(Inside(@namespace, make));
            }
            catch (Exception failure)
            {
                made.SetException(failure);
            }
        });
        return made.Task.GetAwaiter().GetResult();
    }

    private T Inside<T>(SafeFileHandle @namespace, Func<T> make)
    {
        Libc.Check(setns(@namespace, CLONE_NEWNET), "enter the network namespace");
        try
        {
            return make();
        }
        finally
        {
            // Nothing sensible can be done on this thread any more if it cannot go home: sockets would be made in the wrong place.
            if (setns(_home, CLONE_NEWNET) != 0)
            {
                Environment.FailFast($"the thread for network namespaces cannot leave one: {Libc.Failure("setns").Message}");
            }
        }
    }

    private void Work()
    {
        foreach (var job in _jobs.GetConsumingEnumerable())
        {
            job();
        }

        _home.Dispose();
    }

    // The thread that watches sockets is started by the first asynchronous operation of the process: it must not be started from
    // a job, where it would be in a pod's namespace.
    private static void StartSocketEngine()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        using var accepting = new CancellationTokenSource();
        var accept = listener.AcceptAsync(accepting.Token).AsTask();
        accepting.Cancel();
        _ = accept.ContinueWith(static ended => _ = ended.Exception, TaskScheduler.Default);
    }

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static partial int setns(SafeHandle descriptor, int type);
}
