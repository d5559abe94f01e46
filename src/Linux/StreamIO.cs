using System.Runtime.InteropServices;

namespace Skiff.Linux;

/// <summary>
/// read(2) and write(2) where a descriptor stands: for pipes, terminals and the standard streams. .NET's RandomAccess wants to
/// seek, and its streams bring more along than a short program wants to start.
/// </summary>
public static class StreamIO
{
    /// <summary>Waits for at least one byte; 0 at the end.</summary>
    public static unsafe int Read(SafeHandle descriptor, Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            while (true)
            {
                var count = Libc.read(descriptor, start, (nuint)buffer.Length);
                if (count >= 0)
                {
                    return (int)count;
                }

                if (Marshal.GetLastPInvokeError() != Errno.EINTR)
                {
                    throw Libc.Failure("read");
                }
            }
        }
    }

    /// <summary>Writes all of it, waiting as long as a blocking descriptor waits.</summary>
    public static unsafe void Write(SafeHandle descriptor, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            for (nint done = 0; done < bytes.Length;)
            {
                var count = Libc.write(descriptor, start + done, (nuint)(bytes.Length - done));
                if (count >= 0)
                {
                    done += count;
                }
                else if (Marshal.GetLastPInvokeError() != Errno.EINTR)
                {
                    throw Libc.Failure("write");
                }
            }
        }
    }
}
