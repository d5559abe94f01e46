namespace Skiff.Engine;

/// <summary>Thrown by a host function: the guest did what it may not and ends by a trap with this message.</summary>
public sealed class GuestTrapException(string message) : Exception(message);

/// <summary>Thrown by a host function: the guest asked to end (<c>proc_exit</c>, <c>wasi:cli/exit</c>).</summary>
/// <param name="status">What it asked for; the host's side decides which part of it becomes the exit code.</param>
public sealed class GuestExitException(int status) : Exception($"the guest exits with status {status}")
{
    public int Status => status;
}
