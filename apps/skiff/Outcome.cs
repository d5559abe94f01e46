using System.Runtime.InteropServices;
using Skiff.Engine;
using Skiff.Guest;
using Skiff.Linux;
using Skiff.Runner;

namespace Skiff.Cli;

/// <summary>Running a prepared guest and ending the process as it ended, for the command line and the container alike.</summary>
internal static class Outcome
{
    /// <summary>
    /// Makes the signals that ask a program to end do so at once, whatever the guest is doing: also for process 1 of a
    /// container, which the kernel spares from signals nobody handles.
    /// </summary>
    public static IDisposable[] EndOnSignals() =>
    [
        EndOn(PosixSignal.SIGTERM, Signals.SIGTERM),
        EndOn(PosixSignal.SIGINT, Signals.SIGINT),
        EndOn(PosixSignal.SIGQUIT, Signals.SIGQUIT),
        EndOn(PosixSignal.SIGHUP, Signals.SIGHUP),
    ];

    /// <param name="serves">As <see cref="GuestRunner"/> says.</param>
    public static GuestRunner CreateRunner(bool serves = false) => new(Print, End, TimeProvider.System, serves);

    /// <summary>
    /// Does everything that may run guest code on a thread of its own, because the main thread's stack is as large as
    /// RLIMIT_STACK happens to say, and a guest that overflows a small one ends in SIGSEGV instead of a trap.
    /// </summary>
    public static int OnGuestStack(int? stackBytes, Func<int> work)
    {
        var code = 0;
        var thread = new Thread(() => code = work(), (stackBytes ?? WasmEngine.StackBytesDefault) + WasmEngine.StackBytesBeyond);
        thread.Start();
        thread.Join();
        return code;
    }

    /// <summary>Says why, if there is something to say, and ends the process without waiting for anything.</summary>
    public static void End(GuestExit exit)
    {
        Complain(exit.Reason);
        ThisProcess.ExitNow(exit.Code);
    }

    /// <summary>One line (a trap: several) on stderr.</summary>
    public static void Complain(string? text)
    {
        if (text is not null)
        {
            using var error = Console.OpenStandardError();
            error.Write(System.Text.Encoding.UTF8.GetBytes($"skiff: {text}\n"));
        }
    }

    private static void Print(string line)
    {
        using var output = Console.OpenStandardOutput();
        output.Write(System.Text.Encoding.UTF8.GetBytes(line + "\n"));
    }

    private static PosixSignalRegistration EndOn(
        PosixSignal signal, int number) =>
        PosixSignalRegistration.Create(signal, _ => ThisProcess.ExitNow(GuestExit.BySignal(number).Code));
}
