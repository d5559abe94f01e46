namespace Skiff.Guest;

/// <summary>How a guest ended. Exit codes follow the shell's convention: 128 + signal number for an end by signal.</summary>
/// <param name="Code">0 to 255.</param>
/// <param name="Reason">For a trap or a refusal: what happened, for the guest's stderr. Null for an orderly exit.</param>
public readonly record struct GuestExit(int Code, string? Reason = null)
{
    /// <summary>A trap: 128 + SIGABRT (6), as the wasmtime command line answers it. Never the code of a kill (137, 143).</summary>
    public const int Trapped = 134;

    /// <summary>The guest could not be started: bad module, missing import, missing export (the shell's "cannot execute").</summary>
    public const int CannotExecute = 126;

    /// <summary>The wall-time limit was over (what <c>timeout(1)</c> answers).</summary>
    public const int TimedOut = 124;

    /// <summary>Exit code of a process that <paramref name="signal"/> ended.</summary>
    public static GuestExit BySignal(int signal) => new(128 + signal);
}
