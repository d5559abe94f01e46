using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Skiff.Linux;

/// <summary>
/// The smallest process there can be, to keep namespaces and a control group alive: a program of a few instructions that sleeps until
/// a signal ends it. It has no file on disk, and a thousand of its processes share its one page.
/// </summary>
public sealed class PauseProgram : IDisposable
{
    private const ulong LoadAddress = 0x400000;
    private const int HeaderBytes = 64;
    private const int ProgramHeaderBytes = 56;
    private const int CodeOffset = HeaderBytes + ProgramHeaderBytes;

    /// <summary>x64: mov eax, 34 (pause); syscall; jmp to the beginning.</summary>
    private static ReadOnlySpan<byte> CodeX64 => [0xB8, 0x22, 0x00, 0x00, 0x00, 0x0F, 0x05, 0xEB, 0xF7];

    /// <summary>arm64, which has no pause: mov x0..x3, xzr; mov x8, #73 (ppoll); svc #0; b to the beginning.</summary>
    private static ReadOnlySpan<byte> CodeArm64 =>
    [
        0xE0, 0x03, 0x1F, 0xAA, 0xE1, 0x03, 0x1F, 0xAA, 0xE2, 0x03, 0x1F, 0xAA, 0xE3, 0x03, 0x1F, 0xAA,
        0x28, 0x09, 0x80, 0xD2, 0x01, 0x00, 0x00, 0xD4, 0xFA, 0xFF, 0xFF, 0x17,
    ];

    private readonly SafeFileHandle _file = Descriptors.Memory("pause", Image(RuntimeInformation.ProcessArchitecture));

    /// <summary>
    /// Where it can be executed from while this object lives. Not below /proc/self: the child that executes it has closed the descriptor.
    /// </summary>
    public string Path => $"/proc/{Environment.ProcessId}/fd/{_file.DangerousGetHandle()}";

    public void Dispose() => _file.Dispose();

    /// <summary>An ELF file (System V ABI, gABI chapter 4) of one segment: its header, one program header, the code.</summary>
    internal static byte[] Image(Architecture architecture)
    {
        const int MachineX64 = 62;
        const int MachineArm64 = 183;
        var code = architecture == Architecture.Arm64 ? CodeArm64 : CodeX64;
        var machine = architecture == Architecture.Arm64 ? MachineArm64 : MachineX64;
        var image = new byte[CodeOffset + code.Length];
        var header = image.AsSpan();
        "\u007FELF"u8.CopyTo(header);
        header[4] = 2; // ELFCLASS64
        header[5] = 1; // ELFDATA2LSB
        header[6] = 1; // EV_CURRENT
        BinaryPrimitives.WriteUInt16LittleEndian(header[16..], 2); // ET_EXEC
        BinaryPrimitives.WriteUInt16LittleEndian(header[18..], (ushort)machine);
        BinaryPrimitives.WriteUInt32LittleEndian(header[20..], 1);
        BinaryPrimitives.WriteUInt64LittleEndian(header[24..], LoadAddress + CodeOffset);
        BinaryPrimitives.WriteUInt64LittleEndian(header[32..], HeaderBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(header[52..], HeaderBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(header[54..], ProgramHeaderBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(header[56..], 1);
        var segment = header[HeaderBytes..];
        BinaryPrimitives.WriteUInt32LittleEndian(segment, 1); // PT_LOAD
        BinaryPrimitives.WriteUInt32LittleEndian(segment[4..], 5); // PF_R | PF_X
        BinaryPrimitives.WriteUInt64LittleEndian(segment[16..], LoadAddress);
        BinaryPrimitives.WriteUInt64LittleEndian(segment[24..], LoadAddress);
        BinaryPrimitives.WriteUInt64LittleEndian(segment[32..], (ulong)image.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(segment[40..], (ulong)image.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(segment[48..], 0x1000);
        code.CopyTo(header[CodeOffset..]);
        return image;
    }
}
