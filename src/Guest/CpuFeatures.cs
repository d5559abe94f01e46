using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Skiff.Guest;

/// <summary>
/// Which instructions this processor has, as a short name: code compiled for one set is not run on another (a cache on a
/// shared disk, a virtual machine moved to another host).
/// </summary>
internal static class CpuFeatures
{
    private const int HexDigits = 8;

    // getauxval(3): AT_HWCAP, AT_HWCAP2.
    private const ulong HardwareCapabilities = 16;
    private const ulong HardwareCapabilitiesMore = 26;

    /// <summary>Architecture and a digest of the feature bits, e.g. <c>x64-1a2b3c4d</c>.</summary>
    public static string Name { get; } = Read();

    private static string Read()
    {
        Span<byte> bits = stackalloc byte[6 * sizeof(uint)];
        bits.Clear();
        if (X86Base.IsSupported)
        {
            ReadCpuId(bits);
        }
        else
        {
            ReadAuxiliaryVector(bits);
        }

        return $"{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}-{ContentDigest.Of(bits)[..HexDigits]}";
    }

    // Only the registers that hold feature flags: the others tell the number of the core we happen to run on.
    private static void ReadCpuId(Span<byte> bits)
    {
        var basic = X86Base.CpuId(1, 0);
        var extended = X86Base.CpuId(7, 0);
        var more = X86Base.CpuId(unchecked((int)0x8000_0001), 0);
        Span<int> registers = [basic.Ecx, basic.Edx, extended.Ebx, extended.Ecx, more.Ecx, more.Edx];
        for (var i = 0; i < registers.Length; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bits[(i * sizeof(int))..], registers[i]);
        }
    }

    private static void ReadAuxiliaryVector(Span<byte> bits)
    {
        var vector = File.ReadAllBytes("/proc/self/auxv");
        for (var at = 0; at + 16 <= vector.Length; at += 16)
        {
            var value = vector.AsSpan(at + 8, 8);
            switch (BinaryPrimitives.ReadUInt64LittleEndian(vector.AsSpan(at)))
            {
                case HardwareCapabilities:
                    value.CopyTo(bits);
                    break;
                case HardwareCapabilitiesMore:
                    value.CopyTo(bits[8..]);
                    break;
                default:
                    break;
            }
        }
    }
}
