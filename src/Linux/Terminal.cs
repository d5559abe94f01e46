using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Skiff.Linux;

/// <summary>The master side of a pseudo terminal: one that crun or runc made and sent us over a console socket, or one of our own.</summary>
public sealed partial class Terminal : IDisposable
{
    private const nuint TIOCGWINSZ = 0x5413;
    private const nuint TIOCSWINSZ = 0x5414;
    private const nuint TIOCSPTLCK = 0x40045431;
    private const nuint TIOCGPTPEER = 0x5441;

    /// <exception cref="LinuxException">ENOTTY: what was sent is no terminal. The handle is disposed then.</exception>
    internal Terminal(SafeFileHandle master)
    {
        Master = master;
        WindowSize size = default;
        if (ioctl(master, TIOCGWINSZ, ref size) != 0)
        {
            var failure = Libc.Failure("terminal received over the console socket");
            master.Dispose();
            throw failure;
        }
    }

    /// <summary>A new pseudo terminal (pty(7)) and its slave side, for the guest.</summary>
    public static (Terminal Master, SafeFileHandle Slave) Open()
    {
        const string Multiplexer = "/dev/ptmx";
        var master = Libc.Own(Libc.Open(Multiplexer, Libc.O_RDWR), "open", Multiplexer);
        try
        {
            var unlocked = 0;
            Libc.Check(ioctl(master, TIOCSPTLCK, ref unlocked), "unlock pseudo terminal");
            var slave = Libc.Own(ioctl(master, TIOCGPTPEER, Libc.O_RDWR | Libc.O_NOCTTY | Libc.O_CLOEXEC), "open the slave side of a pseudo terminal");
            return (new Terminal(master), slave);
        }
        catch
        {
            master.Dispose();
            throw;
        }
    }

    /// <summary>Reads return EIO when the last holder of the slave side has gone: that is the end, not a fault.</summary>
    public SafeFileHandle Master { get; }

    /// <summary>Columns and rows in characters, 65535 at most. The foreground process gets SIGWINCH.</summary>
    public void Resize(int columns, int rows)
    {
        var size = new WindowSize
        {
            Rows = (ushort)Math.Clamp(rows, 0, ushort.MaxValue),
            Columns = (ushort)Math.Clamp(columns, 0, ushort.MaxValue),
        };
        Libc.Check(ioctl(Master, TIOCSWINSZ, ref size), "ioctl TIOCSWINSZ", $"{columns} x {rows}");
    }

    public void Dispose() => Master.Dispose();

    [StructLayout(LayoutKind.Sequential)]
    private struct WindowSize
    {
        public ushort Rows;
        public ushort Columns;
        public ushort Width;
        public ushort Height;
    }

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static partial int ioctl(SafeHandle terminal, nuint request, ref WindowSize size);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static partial int ioctl(SafeHandle terminal, nuint request, ref int value);

    [LibraryImport(Libc.Name, SetLastError = true)]
    private static partial int ioctl(SafeHandle terminal, nuint request, nint value);
}
