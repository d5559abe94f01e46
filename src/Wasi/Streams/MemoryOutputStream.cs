namespace Skiff.Wasi.Streams;

/// <summary>Keeps what is written, up to <paramref name="capacity"/> bytes; then it has no space left.</summary>
public sealed class MemoryOutputStream(int capacity) : OutputStream
{
    private readonly MemoryStream _bytes = new();

    public override bool IsReady => true;

    /// <summary>What was written so far.</summary>
    public byte[] ToArray() => _bytes.ToArray();

    public override ValueTask WaitAsync(CancellationToken cancellation) => ValueTask.CompletedTask;

    protected override StreamResult Permit()
    {
        var space = capacity - _bytes.Length;
        return space > 0
            ? StreamResult.Moved((ulong)space)
            : StreamResult.Failed(new IoError($"the output has reached its {capacity} bytes", WasiErrno.NoSpace));
    }

    protected override StreamResult Accept(ReadOnlySpan<byte> bytes)
    {
        _bytes.Write(bytes);
        return StreamResult.Moved((ulong)bytes.Length);
    }

    protected override StreamResult BeginFlush() => StreamResult.Moved(0);

    protected override void Dispose(bool disposing)
    {
        _bytes.Dispose();
        base.Dispose(disposing);
    }
}
