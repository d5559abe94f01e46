namespace Skiff.Wasi.Streams;

/// <summary>Nothing: at its end from the start.</summary>
public sealed class ClosedInputStream : InputStream
{
    public override bool IsReady => true;

    public override StreamResult Read(Span<byte> buffer) => StreamResult.Closed;

    public override ValueTask WaitAsync(CancellationToken cancellation) => ValueTask.CompletedTask;
}
