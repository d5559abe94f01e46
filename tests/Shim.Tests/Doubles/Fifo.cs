using System.Runtime.InteropServices;

namespace Skiff.Shim.Tests.Doubles;

internal static partial class Fifo
{
    public static string Make(string path)
    {
        Assert.Equal(0, mkfifo(path, 0x1C0));
        return path;
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkfifo(string path, uint mode);
}
