using Microsoft.Win32.SafeHandles;
using Skiff.Linux.Files;
using Skiff.Wasi.Quotas;

namespace Skiff.Wasi.Streams;

/// <summary>The three standard streams of a guest. They live as long as the guest: it drops views of them, not themselves.</summary>
/// <param name="input">What the guest reads.</param>
/// <param name="output">What it writes; passed on when it ends.</param>
/// <param name="error">Likewise. May be the same object.</param>
public sealed class StandardStreams(InputStream input, OutputStream output, OutputStream error) : IDisposable
{
    private const int DescriptorsOfProcess = 3;

    public InputStream Input => input;

    public OutputStream Output => output;

    public OutputStream Error => error;

    public bool IsInputTerminal { get; init; }

    public bool IsOutputTerminal { get; init; }

    public bool IsErrorTerminal { get; init; }

    /// <summary>Nothing to read; what is written is thrown away.</summary>
    public static StandardStreams None() => new(new ClosedInputStream(), new DiscardingOutputStream(), new DiscardingOutputStream());

    /// <summary>This process's own: descriptors 0, 1 and 2.</summary>
    /// <param name="rate">As <see cref="Of"/> takes it.</param>
    public static StandardStreams OfProcess(ReadinessLoop readiness, RateQuota? rate = null)
    {
        var handles = new SafeFileHandle[DescriptorsOfProcess];
        for (var number = 0; number < handles.Length; number++)
        {
            handles[number] = new SafeFileHandle(number, ownsHandle: false);
        }

        return Of(handles[0], handles[1], handles[2], readiness, rate);
    }

    /// <summary>Of open descriptors, which are taken over.</summary>
    /// <param name="rate">Of what is written to the output and the error output together.</param>
    /// <param name="lingers">
    /// What a slow reader has not taken when the streams are disposed of is offered to it for a while, as by a process that ends. Without,
    /// nothing outlives them.
    /// </param>
    public static StandardStreams Of(
        SafeFileHandle input, SafeFileHandle output, SafeFileHandle error, ReadinessLoop readiness, RateQuota? rate = null, bool lingers = true)
    {
        // Asked first: sharing may replace a terminal's descriptor and close the one given.
        var (inputIs, outputIs, errorIs) = (FileCalls.IsTerminal(input), FileCalls.IsTerminal(output), FileCalls.IsTerminal(error));
        return new(
            new DescriptorInputStream(Share(input, write: false), readiness),
            new DescriptorOutputStream(Share(output, write: true), readiness) { Lingers = lingers, Rate = rate },
            new DescriptorOutputStream(Share(error, write: true), readiness) { Lingers = lingers, Rate = rate })
        {
            IsInputTerminal = inputIs,
            IsOutputTerminal = outputIs,
            IsErrorTerminal = errorIs,
        };
    }

    /// <summary>Passes on what the guest has written. The end of the guest's output is lost without it.</summary>
    /// <exception cref="OperationCanceledException">The token: a reader that reads nothing does not hold the end up for ever.</exception>
    public async ValueTask FlushAsync(CancellationToken cancellation)
    {
        foreach (var stream in new[] { output, error })
        {
            if (!stream.Flush().IsOpen)
            {
                // Its reader has gone: the guest was told by its writes.
                continue;
            }

            while (!stream.IsReady)
            {
                await stream.WaitAsync(cancellation);
            }
        }
    }

    public void Dispose()
    {
        input.Dispose();
        output.Dispose();
        error.Dispose();
    }

    // The descriptor may be shared with other processes (a shell's terminal), so its own flags stay as they are. A terminal
    // whose output is stopped would hold the thread up all the same, and so would a FIFO that others write to: opened anew, it has
    // flags of its own. A file would be at its beginning again, and a socket cannot be opened.
    private static SharedDescriptor Share(SafeFileHandle handle, bool write)
    {
        var isFifo = FileCalls.Status(handle, out var status) == 0 && status.Type == FileType.Fifo;
        if ((isFifo || FileCalls.IsTerminal(handle)) && FileCalls.TryReopen(handle, write) is { } own)
        {
            handle.Dispose();
            return new SharedDescriptor(own, isNonBlocking: true);
        }

        return new SharedDescriptor(handle, isNonBlocking: false);
    }
}
