using System.Runtime.InteropServices;

namespace Skiff.Linux;

/// <summary>
/// What a process does that only keeps a pod's namespaces alive: nothing, until it is told to go. As process 1 of a pid
/// namespace it takes away the orphans of others.
/// </summary>
public static partial class IdleInit
{
    private const int SIGCHLD = 17;
    private const nint SIG_IGN = 1;

    /// <summary>Waits on the calling thread for SIGTERM or SIGINT.</summary>
    public static void Run()
    {
        // With SIGCHLD ignored the kernel reaps every orphan by itself.
        if (signal(SIGCHLD, SIG_IGN) == -1)
        {
            throw Libc.Failure("signal SIGCHLD");
        }

        using var told = new ManualResetEventSlim();
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Told);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Told);
        told.Wait();

        void Told(PosixSignalContext context)
        {
            context.Cancel = true;
            told.Set();
        }
    }

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static partial nint signal(int number, nint handler);
}
