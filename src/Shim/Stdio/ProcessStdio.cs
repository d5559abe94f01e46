using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Skiff.Linux;
using Skiff.Sandbox;

namespace Skiff.Shim.Stdio;

/// <summary>The open stdio of one process.</summary>
/// <remarks>
/// Who holds what: the guest its own ends (handed over in <see cref="Guest"/>); this object, until the process is deleted, a
/// read end of each output FIFO, so that a restart of containerd loses nothing and gives the guest no EPIPE; and a write end
/// of the stdin FIFO where the guest would else read its end too early (<see cref="OpenInputAsync"/>).
/// </remarks>
internal sealed class ProcessStdio(bool terminal, TimeProvider time, ShimLog log, string owner) : IProcessStdio
{
    /// <summary>
    /// How long is waited for the client's end of stdin. One that is there waits in open(2) for us, so ours returns at once. One that
    /// has gone already (ctr with an empty stdin) is not waited for, since this is on the way of Create: its guest's stdin ends by CloseIO.
    /// </summary>
    private static readonly TimeSpan ClientTime = TimeSpan.FromMilliseconds(5);

    /// <summary>How long the rest of the output may take after the end of its process: of a terminal to the client's FIFO, and out of it.</summary>
    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan DrainInterval = TimeSpan.FromMilliseconds(1);

    /// <summary>End of transmission: a terminal turns it into the end of input.</summary>
    private static readonly byte[] EndOfInput = [4];

    private readonly Lock _gate = new();
    private readonly List<SafeFileHandle> _kept = [];
    private SafeFileHandle? _input;
    private SafeFileHandle? _inputKeeper;
    private SafeFileHandle? _output;
    private SafeFileHandle? _error;
    private LogProgram? _logProgram;
    private DescriptorCopy? _inputCopy;
    private DescriptorCopy? _outputCopy;
    private Task _copies = Task.CompletedTask;
    private bool _inputClosed;

    /// <summary>With a terminal, the runtime makes the guest's stdio itself.</summary>
    public GuestStdio Guest => terminal
        ? new GuestStdio(null, null, null, Terminal: true)
        : new GuestStdio(_input, _output, _error, Terminal: false);

    /// <summary>
    /// The guest must read the end when the client has closed its end, but not before the client has opened it. A terminal's
    /// input outlives its clients: they come and go, and it ends by CloseIO only.
    /// </summary>
    public async Task OpenInputAsync(StdioAddress address)
    {
        if (address.Kind != StdioKind.Fifo)
        {
            throw new ShimException(ShimError.InvalidArgument, $"stdin: must be the path of a FIFO, not {address.Path}");
        }

        if (terminal)
        {
            _input = Open(address, () => FifoEnd.OpenRead(address.Path));
            _inputKeeper = Open(address, () => FifoEnd.OpenWrite(address.Path));
            return;
        }

        try
        {
            (_input, _inputKeeper) = await FifoEnd.OpenReadAsync(address.Path, ClientTime, time);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Refused(address, failure);
        }
    }

    public void OpenOutput(StdioAddress? address) => _output = address is null ? null : OpenTarget(address);

    public void OpenError(StdioAddress? address) => _error = address is null ? null : OpenTarget(address);

    public void UseLogProgram(LogProgram program)
    {
        (_logProgram, _output) = (program, program.Output);
        if (terminal)
        {
            // A terminal has one output: the program reads the end of the other at once.
            program.Error.Dispose();
            return;
        }

        _error = program.Error;
    }

    public void Attach(Terminal attached)
    {
        lock (_gate)
        {
            var input = _input is null ? Task.CompletedTask : CopyInputAsync(attached);
            var output = CopyOutputAsync(attached);
            _copies = Task.WhenAll(input, output);
        }
    }

    public void CloseInput()
    {
        lock (_gate)
        {
            _inputClosed = true;
            _inputKeeper?.Dispose();
        }
    }

    public void GuestEnded()
    {
        CloseInput();
        lock (_gate)
        {
            _inputCopy?.Stop();
        }

        _logProgram?.GuestEnded();
    }

    public async Task OutputReadAsync()
    {
        var begun = time.GetTimestamp();
        while ((!_copies.IsCompleted || IsUnread()) && time.GetElapsedTime(begun) < DrainTime)
        {
            await Task.Delay(DrainInterval, time);
        }
    }

    public async ValueTask DisposeAsync()
    {
        GuestEnded();
        if (await Task.WhenAny(_copies, Task.Delay(DrainTime, time)) != _copies)
        {
            // Something left behind holds the terminal open, or nobody reads what it wrote.
            lock (_gate)
            {
                _outputCopy?.Stop();
            }
        }

        await _copies;
        lock (_gate)
        {
            foreach (var handle in (SafeHandle?[])[_input, _output, _error, .. _kept])
            {
                handle?.Dispose();
            }

            _kept.Clear();
        }

        if (_logProgram is not null)
        {
            await _logProgram.DisposeAsync();
        }
    }

    private bool IsUnread()
    {
        lock (_gate)
        {
            return _kept.Exists(end => FifoEnd.Unread(end) > 0);
        }
    }

    private SafeFileHandle OpenTarget(StdioAddress address)
    {
        switch (address.Kind)
        {
            case StdioKind.File:
                return Open(address, () => Descriptors.OpenAppend(address.Path));
            case StdioKind.Fifo:
                // The read end first: with it open, opening the write end neither waits nor fails when containerd is away.
                _kept.Add(Open(address, () => FifoEnd.OpenRead(address.Path)));
                return Open(address, () => FifoEnd.OpenWrite(address.Path));
            default:
                throw new ShimException(ShimError.InvalidArgument, $"{address.Stream}: a log program must be the address of stdout");
        }
    }

    private static SafeFileHandle Open(StdioAddress address, Func<SafeFileHandle> open)
    {
        try
        {
            return open();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Refused(address, failure);
        }
    }

    private static ShimException Refused(StdioAddress address, Exception failure) =>
        new(ShimError.InvalidArgument, $"{address.Stream}: {failure.Message}", failure);

    private async Task CopyInputAsync(Terminal attached)
    {
        _inputCopy = DescriptorCopy.Start(_input!, attached.Master, "terminal input");
        await SettledAsync(_inputCopy, "stdin of the terminal");
        lock (_gate)
        {
            if (_inputClosed && !attached.Master.IsClosed)
            {
                TryWriteEndOfInput(attached);
            }
        }
    }

    /// <summary>The terminal may have gone just now, with the guest: then there is nobody to tell.</summary>
    private void TryWriteEndOfInput(Terminal attached)
    {
        try
        {
            StreamIO.Write(attached.Master, EndOfInput);
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            log.Debug($"{owner}: the end of stdin found no terminal: {failure.Message}");
        }
    }

    private async Task CopyOutputAsync(Terminal attached)
    {
        _outputCopy = DescriptorCopy.Start(attached.Master, _output, "terminal output");
        await SettledAsync(_outputCopy, "output of the terminal");

        // The last write end: containerd's client reads the end of the output.
        _output?.Dispose();
    }

    private async Task SettledAsync(DescriptorCopy copy, string what)
    {
        try
        {
            await copy.Ended;
        }
        catch (Exception failure) when (failure is LinuxException or ObjectDisposedException)
        {
            log.Error($"{owner}: {what} cannot be copied any further", failure);
        }
    }
}
