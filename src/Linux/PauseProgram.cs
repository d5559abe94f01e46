using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Skiff.Linux;

/// <summary>
/// The smallest process there can be, to keep namespaces and a control group alive: a program of a few instructions that sleeps until
/// a signal ends it, or whoever started it is gone. It has no file on disk, and a thousand of its processes share its one page.
/// </summary>
public sealed class PauseProgram : IDisposable
{
    private const ulong LoadAddress = 0x400000;
    private const int HeaderBytes = 64;
    private const int ProgramHeaderBytes = 56;
    private const int CodeOffset = HeaderBytes + ProgramHeaderBytes;

    /// <summary>
    /// x64: xor edi, edi; lea rsi, [rsp-8]; mov edx, 1; xor eax, eax (read); syscall; xor edi, edi; mov eax, 60 (exit); syscall. Of the pipe on
    /// its standard input nobody ever writes to the other end: read(2) returns when that is closed.
    /// </summary>
    private static ReadOnlySpan<byte> CodeX64 =>
    [
        0x31, 0xFF, 0x48, 0x8D, 0x74, 0x24, 0xF8, 0xBA, 0x01, 0x00, 0x00, 0x00, 0x31, 0xC0, 0x0F, 0x05,
        0x31, 0xFF, 0xB8, 0x3C, 0x00, 0x00, 0x00, 0x0F, 0x05,
    ];

    /// <summary>arm64: mov x0, #0; sub x1, sp, #16; mov x2, #1; mov x8, #63 (read); svc #0; mov x0, #0; mov x8, #93 (exit); svc #0.</summary>
    private static ReadOnlySpan<byte> CodeArm64 =>
    [
        0x00, 0x00, 0x80, 0xD2, 0xE1, 0x43, 0x00, 0xD1, 0x22, 0x00, 0x80, 0xD2, 0xE8, 0x07, 0x80, 0xD2, 0x01, 0x00, 0x00, 0xD4,
        0x00, 0x00, 0x80, 0xD2, 0xA8, 0x0B, 0x80, 0xD2, 0x01, 0x00, 0x00, 0xD4,
    ];

    private readonly SafeFileHandle _file = Descriptors.Memory("pause", Image(RuntimeInformation.ProcessArchitecture));
    private readonly SafeFileHandle _read;

    // Only this process has it, and never writes: it is closed with this object, or with the process, however that ends.
    private readonly SafeFileHandle _write;

    public PauseProgram() => (_read, _write) = Descriptors.Pipe();

    /// <summary>A process of it, which ends with this object or this process.</summary>
    /// <param name="name">Its command line.</param>
    public SpawnRequest Named(string name) => new()
    {
        // Not below /proc/self: the child that executes it has closed the descriptor.
        Program = $"/proc/{Environment.ProcessId}/fd/{_file.DangerousGetHandle()}",
        Arguments = [name],
        Environment = [],
        WorkingDirectory = "/",
        StandardInput = _read,
        NewSession = true,
    };

    public void Dispose()
    {
        _write.Dispose();
        _read.Dispose();
        _file.Dispose();
    }

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
