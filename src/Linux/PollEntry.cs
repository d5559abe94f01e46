using System.Runtime.InteropServices;

namespace Skiff.Linux;

/// <summary>pollfd of poll(2).</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PollEntry
{
    public int Descriptor;
    public short Events;
    public short Returned;
}
