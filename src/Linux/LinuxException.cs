namespace Skiff.Linux;

/// <summary>A system call failed. The message names the call, the object and the error as errno(3) spells it.</summary>
public sealed class LinuxException(string operation, int errno, string? subject = null)
    : IOException(Describe(operation, errno, subject))
{
    /// <summary>The error number as the kernel returned it.</summary>
    public int Errno { get; } = errno;

    private static string Describe(string operation, int errno, string? subject) =>
        $"{operation}{(subject is null ? "" : $" {subject}")}: {System.Runtime.InteropServices.Marshal.GetPInvokeErrorMessage(errno)}";
}
