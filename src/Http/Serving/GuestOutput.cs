using System.Buffers;
using Skiff.Wasi.Quotas;
using Skiff.Wasi.Streams;

namespace Skiff.Http.Serving;

/// <summary>
/// Where the instances of a guest write their stdout or stderr: whole lines, so that those of instances that run at once do not
/// tear each other. Nobody waits for the reader of the log but the guests themselves, when it is a good deal behind.
/// </summary>
/// <param name="rate">How fast they may write; null: as fast as it is read.</param>
public sealed class GuestOutput(Stream output, RateQuota? rate = null)
{
    private const int PendingBytesMax = 1024 * 1024;
    private const int LineBytesMax = 8 * 1024;

    private readonly Lock _gate = new();
    private ArrayBufferWriter<byte> _pending = new();
    private ArrayBufferWriter<byte> _writing = new();
    private bool _isWriting;
    private TaskCompletionSource? _drained;

    /// <summary>The stream of one instance.</summary>
    public OutputStream ForInstance() => new LineStream(this);

    private bool IsBehind
    {
        get
        {
            lock (_gate)
            {
                return _pending.WrittenCount > PendingBytesMax;
            }
        }
    }

    private void Write(ReadOnlySpan<byte> lines)
    {
        lock (_gate)
        {
            _pending.Write(lines);
            if (_isWriting)
            {
                return;
            }

            _isWriting = true;
        }

        _ = DrainSoonAsync();
    }

    /// <summary>Completes when all lines so far are written.</summary>
    public Task DrainedAsync()
    {
        lock (_gate)
        {
            return _isWriting ? (_drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task : Task.CompletedTask;
        }
    }

    private async Task DrainSoonAsync()
    {
        // Not in the guest's turn.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        for (; ; )
        {
            lock (_gate)
            {
                if (_pending.WrittenCount == 0)
                {
                    _isWriting = false;
                    _drained?.SetResult();
                    _drained = null;
                    return;
                }

                (_pending, _writing) = (_writing, _pending);
            }

            if (rate is not null)
            {
                await rate.WaitAsync(CancellationToken.None).ConfigureAwait(false);
                rate.Spend(_writing.WrittenCount);
            }

            try
            {
                await output.WriteAsync(_writing.WrittenMemory).ConfigureAwait(false);
                await output.FlushAsync().ConfigureAwait(false);
            }
            catch (IOException)
            {
                // The reader has gone; guests go on without being heard, as with a closed terminal.
            }

            _writing.ResetWrittenCount();
        }
    }

    private sealed class LineStream(GuestOutput owner) : OutputStream
    {
        private ArrayBufferWriter<byte>? _line;

        public override bool IsReady => !owner.IsBehind;

        public override ValueTask WaitAsync(CancellationToken cancellation) => new(owner.DrainedAsync().WaitAsync(cancellation));

        protected override StreamResult Permit() => owner.IsBehind ? StreamResult.WouldBlock : StreamResult.Moved(LineBytesMax);

        protected override StreamResult Accept(ReadOnlySpan<byte> bytes)
        {
            _line ??= new ArrayBufferWriter<byte>(Math.Max(256, bytes.Length));
            _line.Write(bytes);
            var end = _line.WrittenCount >= LineBytesMax ? _line.WrittenCount : _line.WrittenSpan.LastIndexOf((byte)'\n') + 1;
            if (end > 0)
            {
                owner.Write(_line.WrittenSpan[..end]);
                var rest = _line.WrittenSpan[end..].ToArray();
                _line.ResetWrittenCount();
                _line.Write(rest);
            }

            return StreamResult.Moved((ulong)bytes.Length);
        }

        protected override StreamResult BeginFlush() => StreamResult.Moved(0);

        // The last line may have no end; it gets one, or the next instance's would continue it.
        protected override void Dispose(bool disposing)
        {
            if (_line is { WrittenCount: > 0 })
            {
                _line.Write("\n"u8);
                owner.Write(_line.WrittenSpan);
                _line = null;
            }

            base.Dispose(disposing);
        }
    }
}
