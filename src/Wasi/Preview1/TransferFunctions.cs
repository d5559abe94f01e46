using Skiff.Engine;
using Skiff.Linux.Files;
using Skiff.Wasi.Files;

namespace Skiff.Wasi.Preview1;

/// <summary>
/// Moving bytes. Files are read and written straight from and to the guest's memory. What may have to wait goes through a
/// buffer of ours when it does: the memory can move while the guest sleeps.
/// </summary>
internal static class TransferFunctions
{
    /// <summary>One call moves no more of a file: then the guest can be stopped again.</summary>
    private const int FileBytesMax = 64 * 1024 * 1024;

    /// <summary>One write to a pipe or the like; more is written by a second call, as POSIX allows.</summary>
    private const int StreamWriteBytesMax = 1024 * 1024;

    private const int StreamReadBytesMax = 64 * 1024;

    public static void Define(Preview1Definition functions)
    {
        functions.AddWaiting("fd_read", "iiii", Read);
        functions.Add("fd_pread", "iiiIi", PositionedRead);
        functions.AddWaiting("fd_write", "iiii", Write);
        functions.Add("fd_pwrite", "iiiIi", PositionedWrite);
        functions.Add("fd_readdir", "iiiIi", DirectoryReader.Read);
    }

    /// <summary>Reads into the vectors at parameter 1 and 2; the count goes to where <paramref name="result"/> points.</summary>
    public static void Receive(ref HostCall call, OpenDescriptor descriptor, uint result, CancellationToken ended)
    {
        var error = IoVectors.TryRead(call.Memory1(), call.U32(1), call.U32(2), out var vectors);
        if (error != WasiErrno.Success)
        {
            call.Return((int)error);
            return;
        }

        call.Memory1().Slice(result, sizeof(uint));
        error = ReadNow(descriptor, vectors, 0, out var count);
        if (error == WasiErrno.Again && !descriptor.IsNonBlocking)
        {
            var buffer = new byte[Math.Min(vectors.Length, StreamReadBytesMax)];
            call.Await(ReadLaterAsync(descriptor, buffer, ended), (buffer, result), Filled);
            return;
        }

        Answer(ref call, error, result, count);
    }

    /// <summary>As <see cref="Receive"/>, leaving the bytes where they are.</summary>
    public static void Peek(ref HostCall call, OpenSocket socket, uint result, CancellationToken ended)
    {
        var error = IoVectors.TryRead(call.Memory1(), call.U32(1), call.U32(2), out var vectors);
        if (error != WasiErrno.Success)
        {
            call.Return((int)error);
            return;
        }

        call.Memory1().Slice(result, sizeof(uint));
        // All vectors by one call: a second one would see the same bytes again.
        var buffer = new byte[Math.Min(vectors.Length, StreamReadBytesMax)];
        error = socket.TryPeek(buffer, out var count);
        if (error == WasiErrno.Again && !socket.IsNonBlocking)
        {
            call.Await(PeekLaterAsync(socket, buffer, ended), (buffer, result), Filled);
            return;
        }

        Filled(ref call, (error, count), (buffer, result));
    }

    /// <summary>
    /// As <see cref="Receive"/>, until the vectors are full, the other side has ended or, where the descriptor does not block, nothing
    /// more is there (<c>riflags::recv_waitall</c>).
    /// </summary>
    /// <param name="done">Bytes that are in the vectors already.</param>
    public static void ReceiveAll(ref HostCall call, OpenDescriptor descriptor, uint result, ulong done, CancellationToken ended)
    {
        while (true)
        {
            var error = IoVectors.TryRead(call.Memory1(), call.U32(1), call.U32(2), out var vectors);
            if (error != WasiErrno.Success)
            {
                call.Return((int)error);
                return;
            }

            call.Memory1().Slice(result, sizeof(uint));
            error = ReadNow(descriptor, vectors, done, out var count);
            done += (uint)count;
            // A fast sender could keep us here for gigabytes, in which no epoch looks in.
            if (call.Store.StopReason is { } reason)
            {
                throw new GuestTrapException(reason);
            }

            if (error == WasiErrno.Success && count > 0 && done < vectors.Length)
            {
                continue;
            }

            if (error != WasiErrno.Again || descriptor.IsNonBlocking || done == vectors.Length)
            {
                Answer(ref call, done > 0 ? WasiErrno.Success : error, result, (uint)done);
                return;
            }

            var wait = descriptor.WaitAsync(Readiness.Readable, ended);
            if (!wait.IsCompletedSuccessfully)
            {
                call.Await(Outcome(wait), (descriptor, result, done, ended), static (ref call, _, state) =>
                    ReceiveAll(ref call, state.descriptor, state.result, state.done, state.ended));
                return;
            }
        }
    }

    private static void Filled(ref HostCall call, (WasiErrno Error, int Count) outcome, (byte[] Buffer, uint Result) place)
    {
        if (outcome.Error == WasiErrno.Success)
        {
            IoVectors.TryRead(call.Memory1(), call.U32(1), call.U32(2), out var vectors);
            vectors.Fill(place.Buffer.AsSpan(0, outcome.Count));
        }

        Answer(ref call, outcome.Error, place.Result, outcome.Count);
    }

    private static async ValueTask<bool> Outcome(ValueTask wait)
    {
        await wait;
        return true;
    }

    /// <summary>Writes the vectors at parameter 1 and 2; the count goes to where <paramref name="result"/> points.</summary>
    public static void Send(ref HostCall call, OpenDescriptor descriptor, uint result, CancellationToken ended)
    {
        var error = IoVectors.TryRead(call.Memory1(), call.U32(1), call.U32(2), out var vectors);
        if (error != WasiErrno.Success)
        {
            call.Return((int)error);
            return;
        }

        call.Memory1().Slice(result, sizeof(uint));
        var most = descriptor is OpenFile { File.IsStream: false } ? FileBytesMax : StreamWriteBytesMax;
        var limit = (int)Math.Min(vectors.Length, (ulong)most);
        error = WriteNow(descriptor, vectors, limit, out var count);
        var waits = !descriptor.IsNonBlocking
            && (error == WasiErrno.Again || (error == WasiErrno.Success && (count < limit || !descriptor.IsFlushed)));
        if (!waits)
        {
            Answer(ref call, error, result, count);
            return;
        }

        var left = vectors.Copy(count, limit - count);
        call.Await(WriteLaterAsync(descriptor, left, count, ended), result, static (ref call, outcome, result) =>
            Answer(ref call, outcome.Error, result, outcome.Count));
    }

    private static void Answer(ref HostCall call, WasiErrno error, uint result, long count)
    {
        if (error == WasiErrno.Success)
        {
            call.Memory1().Write(result, (uint)count);
        }

        call.Return((int)error);
    }

    private static void Read(ref HostCall call, Preview1State state)
    {
        var error = Find(ref call, state, Rights.FdRead, out var descriptor);
        if (error != WasiErrno.Success)
        {
            call.Return((int)error);
            return;
        }

        Receive(ref call, descriptor, call.U32(3), state.Wasi.Ended);
    }

    private static void Write(ref HostCall call, Preview1State state)
    {
        var error = Find(ref call, state, Rights.FdWrite, out var descriptor);
        if (error != WasiErrno.Success)
        {
            call.Return((int)error);
            return;
        }

        Send(ref call, descriptor, call.U32(3), state.Wasi.Ended);
    }

    // A directory, or what is open the other way round, is a bad descriptor, as POSIX has it.
    private static WasiErrno Find(ref HostCall call, Preview1State state, Rights needed, out OpenDescriptor descriptor)
    {
        var error = state.Find(call.U32(0), needed, out descriptor);
        if (error != WasiErrno.NotCapable)
        {
            return error;
        }

        return descriptor is OpenFile { File.IsDirectory: true } ? WasiErrno.IsDirectory : WasiErrno.BadDescriptor;
    }

    // After the first bytes of the vectors, which are there already.
    private static WasiErrno ReadNow(OpenDescriptor descriptor, IoVectors vectors, ulong skip, out int count)
    {
        count = 0;
        for (var i = 0; i < vectors.Count; i++)
        {
            var buffer = vectors[i];
            var skipped = (int)Math.Min(skip, (ulong)buffer.Length);
            skip -= (uint)skipped;
            buffer = buffer[skipped..];
            buffer = buffer[..Math.Min(buffer.Length, FileBytesMax - count)];
            if (buffer.IsEmpty)
            {
                continue;
            }

            var error = descriptor.TryRead(buffer, out var part);
            if (error != WasiErrno.Success)
            {
                // What was read before is not lost by what came after.
                return count > 0 ? WasiErrno.Success : error;
            }

            count += part;
            if (part < buffer.Length)
            {
                break;
            }
        }

        return WasiErrno.Success;
    }

    private static WasiErrno WriteNow(OpenDescriptor descriptor, IoVectors vectors, int limit, out int count)
    {
        count = 0;
        for (var i = 0; i < vectors.Count && count < limit; i++)
        {
            var bytes = vectors[i];
            bytes = bytes[..Math.Min(bytes.Length, limit - count)];
            while (!bytes.IsEmpty)
            {
                var error = descriptor.TryWrite(bytes, out var part);
                if (error != WasiErrno.Success)
                {
                    return count > 0 ? WasiErrno.Success : error;
                }

                count += part;
                bytes = bytes[part..];
            }
        }

        return WasiErrno.Success;
    }

    private static async ValueTask<(WasiErrno Error, int Count)> ReadLaterAsync(OpenDescriptor descriptor, byte[] buffer, CancellationToken ended)
    {
        while (true)
        {
            await descriptor.WaitAsync(Readiness.Readable, ended);
            var error = descriptor.TryRead(buffer, out var count);
            if (error != WasiErrno.Again)
            {
                return (error, count);
            }
        }
    }

    private static async ValueTask<(WasiErrno Error, int Count)> PeekLaterAsync(OpenSocket socket, byte[] buffer, CancellationToken ended)
    {
        while (true)
        {
            await socket.WaitAsync(Readiness.Readable, ended);
            var error = socket.TryPeek(buffer, out var count);
            if (error != WasiErrno.Again)
            {
                return (error, count);
            }
        }
    }

    private static async ValueTask<(WasiErrno Error, int Count)> WriteLaterAsync(
        OpenDescriptor descriptor, byte[] bytes, int before, CancellationToken ended)
    {
        for (var done = 0; done < bytes.Length;)
        {
            var error = descriptor.TryWrite(bytes.AsSpan(done), out var count);
            done += count;
            if (error == WasiErrno.Again)
            {
                await descriptor.WaitAsync(Readiness.Writable, ended);
            }
            else if (error != WasiErrno.Success)
            {
                return before + done > 0 ? (WasiErrno.Success, before + done) : (error, 0);
            }
        }

        while (!descriptor.IsFlushed)
        {
            await descriptor.WaitAsync(Readiness.Writable, ended);
        }

        return (WasiErrno.Success, before + bytes.Length);
    }

    private static WasiErrno PositionedRead(ref HostCall call, Preview1State state) => Positioned(
        ref call, state, Rights.FdRead, static (FileDescriptor file, Span<byte> bytes, ulong offset, out int count) => file.Read(bytes, offset, out count));

    private static WasiErrno PositionedWrite(ref HostCall call, Preview1State state) => Positioned(
        ref call, state, Rights.FdWrite, static (FileDescriptor file, Span<byte> bytes, ulong offset, out int count) => file.Write(bytes, offset, out count));

    private static WasiErrno Positioned(ref HostCall call, Preview1State state, Rights needed, PositionedTransfer transfer)
    {
        var error = FindSeekable(ref call, state, needed, out var file, out var vectors);
        if (error != WasiErrno.Success)
        {
            return error;
        }

        var memory = call.Memory1();
        var (offset, total) = (call.U64(3), 0);
        memory.Slice(call.U32(4), sizeof(uint));
        for (var i = 0; i < vectors.Count; i++)
        {
            var bytes = vectors[i];
            bytes = bytes[..Math.Min(bytes.Length, FileBytesMax - total)];
            error = transfer(file, bytes, offset + (uint)total, out var part);
            total += part;
            if (error != WasiErrno.Success || part < bytes.Length)
            {
                break;
            }
        }

        if (error != WasiErrno.Success && total == 0)
        {
            return error;
        }

        memory.Write(call.U32(4), (uint)total);
        return WasiErrno.Success;
    }

    private delegate WasiErrno PositionedTransfer(FileDescriptor file, Span<byte> bytes, ulong offset, out int count);

    private static WasiErrno FindSeekable(ref HostCall call, Preview1State state, Rights needed, out FileDescriptor file, out IoVectors vectors)
    {
        vectors = default;
        var error = state.FindFile(call.U32(0), needed, WasiErrno.InvalidSeek, out file);
        if (error != WasiErrno.Success)
        {
            return error;
        }

        return file.IsStream ? WasiErrno.InvalidSeek : IoVectors.TryRead(call.Memory1(), call.U32(1), call.U32(2), out vectors);
    }
}
