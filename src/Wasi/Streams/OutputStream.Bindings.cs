using Skiff.Components.Host;
using Skiff.Engine;
using Skiff.Wasi.Bindings.Io;

namespace Skiff.Wasi.Streams;

/// <summary>The methods of <c>wasi:io/streams.output-stream</c>.</summary>
public abstract partial class OutputStream : IOutputStream
{
    Result<ulong, StreamError> IOutputStream.CheckWrite() => CheckWrite().Counted();

    Result<Unit, StreamError> IOutputStream.Write(ReadOnlySpan<byte> contents) => Write(contents).Uncounted();

    ValueTask<Result<Unit, StreamError>> IOutputStream.BlockingWriteAndFlush(ReadOnlySpan<byte> contents)
    {
        CheckBlockingWrite((ulong)contents.Length);
        return Uncounted(WriteAndFlushAsync(contents));
    }

    Result<Unit, StreamError> IOutputStream.Flush() => Flush().Uncounted();

    ValueTask<Result<Unit, StreamError>> IOutputStream.BlockingFlush() => Uncounted(FlushAsync());

    IPollable IOutputStream.Subscribe() => Subscribe();

    Result<Unit, StreamError> IOutputStream.WriteZeroes(ulong len) => WriteZeroes(len).Uncounted();

    ValueTask<Result<Unit, StreamError>> IOutputStream.BlockingWriteZeroesAndFlush(ulong len)
    {
        CheckBlockingWrite(len);
        return Uncounted(WriteAndFlushAsync(Zeroes[..(int)len]));
    }

    Result<ulong, StreamError> IOutputStream.Splice(IInputStream src, ulong len) => Splice((InputStream)src, len).Counted();

    async ValueTask<Result<ulong, StreamError>> IOutputStream.BlockingSplice(IInputStream src, ulong len)
    {
        var source = (InputStream)src;
        while (true)
        {
            await WaitUntilReadyAsync();
            await source.WaitUntilReadyAsync();
            var result = Splice(source, len);
            if (!result.IsOpen || result.Count > 0 || len == 0)
            {
                return result.Counted();
            }
        }
    }

    private static ValueTask<Result<Unit, StreamError>> Uncounted(ValueTask<StreamResult> task)
    {
        return task.IsCompletedSuccessfully ? new ValueTask<Result<Unit, StreamError>>(task.Result.Uncounted()) : Wait(task);

        static async ValueTask<Result<Unit, StreamError>> Wait(ValueTask<StreamResult> task) => (await task).Uncounted();
    }

    private static void CheckBlockingWrite(ulong length)
    {
        if (length > BlockingWriteBytesMax)
        {
            throw new GuestTrapException($"a blocking write of {length} bytes; {BlockingWriteBytesMax} are allowed at once");
        }
    }
}
