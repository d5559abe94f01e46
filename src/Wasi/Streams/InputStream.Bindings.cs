using Skiff.Components.Host;
using Skiff.Wasi.Bindings.Io;

namespace Skiff.Wasi.Streams;

/// <summary>The methods of <c>wasi:io/streams.input-stream</c>.</summary>
public abstract partial class InputStream : IInputStream
{
    Result<ReadOnlyMemory<byte>, StreamError> IInputStream.Read(ulong len)
    {
        var result = Read(len, out var bytes);
        return result.IsOpen ? bytes : result.Fault();
    }

    ValueTask<Result<ReadOnlyMemory<byte>, StreamError>> IInputStream.BlockingRead(ulong len)
    {
        if (!IsReady)
        {
            return BlockingReadAsync(len);
        }

        var result = Read(len, out var bytes);
        if (result.IsOpen && result.Count == 0 && len > 0)
        {
            return BlockingReadAsync(len);
        }

        return new ValueTask<Result<ReadOnlyMemory<byte>, StreamError>>(result.IsOpen ? bytes : result.Fault());
    }

    Result<ulong, StreamError> IInputStream.Skip(ulong len) => Skip(len).Counted();

    async ValueTask<Result<ulong, StreamError>> IInputStream.BlockingSkip(ulong len)
    {
        while (true)
        {
            await WaitUntilReadyAsync();
            var result = Skip(len);
            if (!result.IsOpen || result.Count > 0 || len == 0)
            {
                return result.Counted();
            }
        }
    }

    IPollable IInputStream.Subscribe() => Subscribe();

    private async ValueTask<Result<ReadOnlyMemory<byte>, StreamError>> BlockingReadAsync(ulong length)
    {
        while (true)
        {
            await WaitUntilReadyAsync();
            var result = Read(length, out var bytes);
            if (!result.IsOpen)
            {
                return result.Fault();
            }

            if (result.Count > 0 || length == 0)
            {
                return bytes;
            }
        }
    }
}
