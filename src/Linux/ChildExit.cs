namespace Skiff.Linux;

/// <summary>How a child process ended, as wait(2) tells it.</summary>
/// <param name="Code">Exit code, or 128 + signal.</param>
/// <param name="Signal">The signal that ended it, or 0.</param>
public readonly record struct ChildExit(int Code, int Signal, DateTimeOffset At);
