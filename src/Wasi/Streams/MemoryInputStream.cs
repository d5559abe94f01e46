namespace Skiff.Wasi.Streams;

/// <summary>Bytes that are all there.</summary>
public sealed class MemoryInputStream(ReadOnlyMemory<byte> bytes) : InputStream
{
    private ReadOnlyMemory<byte> _left = bytes;

    public override bool IsReady => true;

    public override StreamResult Read(Span<byte> buffer)
    {
        if (_left.IsEmpty)
        {
            return StreamResult.Closed;
        }

        var count = Math.Min(buffer.Length, _left.Length);
        _left.Span[..count].CopyTo(buffer);
        _left = _left[count..];
        return StreamResult.Moved((ulong)count);
    }

    public override ValueTask WaitAsync(CancellationToken cancellation) => ValueTask.CompletedTask;
}
