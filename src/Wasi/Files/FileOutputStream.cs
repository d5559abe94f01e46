using Skiff.Linux.Files;
using Skiff.Wasi.Streams;

namespace Skiff.Wasi.Files;

/// <summary>
/// Writes a regular file from an offset on, or always at its end. A disk does not make one wait the way a pipe does, so it
/// writes at once. Takes its hold of the descriptor over.
/// </summary>
/// <param name="offset">Null: at the end, wherever that is at each write.</param>
internal sealed class FileOutputStream(SharedDescriptor descriptor, ulong? offset) : OutputStream
{
    private const ulong PermitBytes = 1 << 20;

    private ulong _position = offset ?? 0;
    private bool _ended;

    public override bool IsReady => true;

    public override ValueTask WaitAsync(CancellationToken cancellation) => ValueTask.CompletedTask;

    protected override StreamResult Permit() => _ended ? StreamResult.Closed : StreamResult.Moved(PermitBytes);

    protected override StreamResult Accept(ReadOnlySpan<byte> bytes)
    {
        if (_ended)
        {
            return StreamResult.Closed;
        }

        for (var done = 0; done < bytes.Length;)
        {
            var count = offset is null
                ? FileCalls.Append(descriptor.Handle, bytes[done..])
                : FileCalls.WriteAt(descriptor.Handle, bytes[done..], _position);
            if (count < 0)
            {
                _ended = true;
                return StreamResult.Failed(IoError.Of("write", count));
            }

            done += count;
            _position += (ulong)count;
        }

        return StreamResult.Moved((ulong)bytes.Length);
    }

    protected override StreamResult BeginFlush() => _ended ? StreamResult.Closed : StreamResult.Moved(0);

    protected override void Dispose(bool disposing)
    {
        _ended = true;
        descriptor.Release();
        base.Dispose(disposing);
    }
}
