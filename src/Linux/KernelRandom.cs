using System.Runtime.InteropServices;

namespace Skiff.Linux;

/// <summary>getrandom(2). .NET's own generator needs OpenSSL, which a container may not have.</summary>
public static partial class KernelRandom
{
    /// <summary>Bytes fit for keys. Waits only while the machine boots.</summary>
    public static unsafe void Fill(Span<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            nint count;
            fixed (byte* start = bytes)
            {
                count = getrandom(start, (nuint)bytes.Length, 0);
            }

            if (count >= 0)
            {
                bytes = bytes[(int)count..];
            }
            else if (Marshal.GetLastPInvokeError() != Errno.EINTR)
            {
                throw Libc.Failure("getrandom");
            }
        }
    }

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static unsafe partial nint getrandom(byte* buffer, nuint length, uint flags);
}
