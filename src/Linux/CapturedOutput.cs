using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Skiff.Linux;

/// <summary>
/// Takes what a program writes into a memory file of fixed size, to be read after its end: unlike a pipe it needs no reader
/// and no thread meanwhile, and a grandchild that keeps it open delays nobody. A writer past the end gets EPERM.
/// </summary>
internal sealed class CapturedOutput : IDisposable
{
    private const uint MFD_CLOEXEC = 1;
    private const uint MFD_ALLOW_SEALING = 2;
    private const int F_SEAL_SEAL = 1;
    private const int F_SEAL_SHRINK = 2;
    private const int F_SEAL_GROW = 4;
    private const int SEEK_CUR = 1;

    public CapturedOutput(string name, int bytesMax)
    {
        Handle = Libc.Own(Libc.memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING), "memfd_create", name);
        try
        {
            RandomAccess.SetLength(Handle, bytesMax);
            Libc.Check(Libc.fcntl(Handle, Libc.F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL), "fcntl F_ADD_SEALS", name);
        }
        catch
        {
            Handle.Dispose();
            throw;
        }
    }

    public SafeFileHandle Handle { get; }

    public string Read()
    {
        // The offset is shared with the program that wrote: it is the number of bytes written.
        var written = (int)Math.Min(RandomAccess.GetLength(Handle), Libc.lseek(Handle, 0, SEEK_CUR));
        var bytes = new byte[Math.Max(0, written)];
        var count = RandomAccess.Read(Handle, bytes, fileOffset: 0);
        return Encoding.UTF8.GetString(bytes, 0, count);
    }

    public void Dispose() => Handle.Dispose();
}
