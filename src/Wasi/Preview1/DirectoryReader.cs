using System.Buffers;
using System.Buffers.Binary;
using Skiff.Engine;
using Skiff.Linux.Files;

namespace Skiff.Wasi.Preview1;

/// <summary>
/// <c>fd_readdir</c>. Its cookies are the kernel's own positions in a directory, so a listing goes on where it was however
/// many entries come and go meanwhile.
/// </summary>
internal static class DirectoryReader
{
    private const int HeaderSize = 24;
    private const int BufferBytesMin = 1024;
    private const int BufferBytesMax = 32 * 1024;

    public static WasiErrno Read(ref HostCall call, Preview1State state)
    {
        var error = state.FindDirectory(call.U32(0), Rights.FdReaddir, out var directory);
        if (error != WasiErrno.Success)
        {
            return error;
        }

        var memory = call.Memory1();
        var target = memory.Slice(call.U32(1), call.U32(2));
        memory.Slice(call.U32(4), sizeof(uint));
        // Entries are a little smaller there than here, so this reads few too many.
        var buffer = ArrayPool<byte>.Shared.Rent(Math.Clamp(target.Length, BufferBytesMin, BufferBytesMax));
        try
        {
            error = Fill(directory, call.U64(3), target, buffer, out var used);
            if (error == WasiErrno.Success)
            {
                memory.Write(call.U32(4), (uint)used);
            }

            return error;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // The last entry may be cut off: a guest that sees its buffer full asks again, with that entry's cookie or a larger buffer.
    private static WasiErrno Fill(OpenFile directory, ulong cookie, Span<byte> target, byte[] buffer, out int used)
    {
        used = 0;
        var error = directory.File.SeekEntries(cookie);
        Span<byte> header = stackalloc byte[HeaderSize];
        while (error == WasiErrno.Success && used < target.Length)
        {
            error = directory.File.ReadEntries(buffer, out var count);
            if (error != WasiErrno.Success || count == 0)
            {
                break;
            }

            ReadOnlySpan<byte> left = buffer.AsSpan(0, count);
            while (used < target.Length && DirectoryEntry.TryRead(ref left, out var entry))
            {
                header.Clear();
                BinaryPrimitives.WriteUInt64LittleEndian(header, (ulong)entry.Next);
                BinaryPrimitives.WriteUInt64LittleEndian(header[8..], entry.Inode);
                BinaryPrimitives.WriteUInt32LittleEndian(header[16..], (uint)entry.Name.Length);
                header[20] = (byte)Preview1Words.Of(directory.File.TypeOf(entry));
                Append(target, header, ref used);
                Append(target, entry.Name, ref used);
            }
        }

        return error;
    }

    private static void Append(Span<byte> target, ReadOnlySpan<byte> bytes, ref int used)
    {
        var part = Math.Min(bytes.Length, target.Length - used);
        bytes[..part].CopyTo(target[used..]);
        used += part;
    }
}
