namespace Skiff.Wasi.Streams;

/// <summary>Takes everything and keeps nothing.</summary>
public sealed class DiscardingOutputStream : OutputStream
{
    private const ulong PermitBytes = 1 << 20;

    public override bool IsReady => true;

    public override ValueTask WaitAsync(CancellationToken cancellation) => ValueTask.CompletedTask;

    protected override StreamResult Permit() => StreamResult.Moved(PermitBytes);

    protected override StreamResult Accept(ReadOnlySpan<byte> bytes) => StreamResult.Moved((ulong)bytes.Length);

    protected override StreamResult BeginFlush() => StreamResult.Moved(0);
}
