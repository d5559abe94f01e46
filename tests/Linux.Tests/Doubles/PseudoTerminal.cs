using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Skiff.Linux.Tests.Doubles;

/// <summary>What an OCI runtime does: makes a pseudo terminal and sends its master over a socket.</summary>
internal static unsafe partial class PseudoTerminal
{
    public static SafeFileHandle OpenMaster(out string slave)
    {
        var master = Libc.Own(Libc.Open("/dev/ptmx", Libc.O_RDWR), "open", "/dev/ptmx");
        int unlocked = 0;
        Libc.Check(ioctl(master, 0x40045431, &unlocked), "TIOCSPTLCK");
        int number;
        Libc.Check(ioctl(master, 0x80045430, &number), "TIOCGPTN");
        slave = $"/dev/pts/{number}";
        return master;
    }

    public static void Send(Socket socket, params SafeHandle[] handles)
    {
        var control = stackalloc byte[256];
        *(nuint*)control = (nuint)(16 + (handles.Length * 4));
        *(int*)(control + 8) = 1;
        *(int*)(control + 12) = 1;
        for (var i = 0; i < handles.Length; i++)
        {
            ((int*)(control + 16))[i] = (int)handles[i].DangerousGetHandle();
        }

        var payload = stackalloc byte[1];
        var vector = stackalloc nuint[2];
        vector[0] = (nuint)payload;
        vector[1] = 1;
        var message = stackalloc nuint[7];
        new Span<nuint>(message, 7).Clear();
        message[2] = (nuint)vector;
        message[3] = 1;
        message[4] = (nuint)control;
        message[5] = (nuint)(16 + (((handles.Length * 4) + 7) & ~7));
        Libc.Check(sendmsg(socket.SafeHandle, message, 0), "sendmsg");
    }

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static partial int ioctl(SafeHandle terminal, nuint request, int* argument);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static partial nint sendmsg(SafeHandle socket, nuint* message, int flags);
}
