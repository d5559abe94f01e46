using System.Text;
using Skiff.Wasi.Streams;

namespace Skiff.Runner.Hosting;

/// <summary>
/// A guest's stdout or stderr for those in the host who write to it beside the guest: its instances' lines, the lines of its requests,
/// what it died of. Waits for a slow reader without a thread, until the guest is ended.
/// </summary>
/// <param name="output">Stays the caller's.</param>
/// <param name="ended">The guest is ended at once: nobody waits any more.</param>
internal sealed class GuestStreamWriter(OutputStream output, CancellationToken ended) : Stream
{
    private readonly SemaphoreSlim _turn = new(1);

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <exception cref="IOException">The reader has gone, or the guest was ended.</exception>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            await _turn.WaitAsync(ended);
            try
            {
                await WriteAllAsync(buffer);
            }
            finally
            {
                _turn.Release();
            }
        }
        catch (OperationCanceledException cancelled)
        {
            throw new IOException("the guest was ended before its output was read", cancelled);
        }
    }

    /// <summary>Writes a text; false when nobody takes it.</summary>
    public async Task<bool> TryWriteAsync(string text)
    {
        try
        {
            await WriteAsync(Encoding.UTF8.GetBytes(text));
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("writes here never block a thread");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private async ValueTask WriteAllAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var permit = output.CheckWrite();
            if (permit is { IsOpen: true, Count: 0 })
            {
                await output.WaitAsync(ended);
                continue;
            }

            var part = (int)Math.Min(permit.Count, (ulong)bytes.Length);
            if (!permit.IsOpen || !output.Write(bytes.Span[..part]).IsOpen)
            {
                throw new IOException("nobody reads the guest's output any more");
            }

            bytes = bytes[part..];
        }
    }
}
