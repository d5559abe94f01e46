using Skiff.Linux;
using Skiff.Sandbox;
using Skiff.Shim.Stdio;

namespace Skiff.Shim.Tests.Doubles;

/// <summary>Opens nothing and counts what is open.</summary>
internal sealed class FakeStdioOpener : IStdioOpener
{
    private int _open;

    public int Open => Volatile.Read(ref _open);

    public List<FakeStdio> Opened { get; } = [];

    public Func<StdioAddresses, Task> OnOpen { get; set; } = _ => Task.CompletedTask;

    public async Task<IProcessStdio> OpenAsync(StdioAddresses addresses, StdioOwner owner, CancellationToken cancellation)
    {
        await OnOpen(addresses);
        Interlocked.Increment(ref _open);
        var stdio = new FakeStdio(addresses, () => Interlocked.Decrement(ref _open));
        lock (Opened)
        {
            Opened.Add(stdio);
        }

        return stdio;
    }
}

internal sealed class FakeStdio(StdioAddresses addresses, Action closed) : IProcessStdio
{
    private int _disposed;

    public bool InputClosed { get; private set; }

    public bool Ended { get; private set; }

    public GuestStdio Guest { get; } = new(null, null, null, addresses.Terminal);

    public void Attach(Terminal terminal)
    {
    }

    public void CloseInput() => InputClosed = true;

    public void GuestEnded() => Ended = true;

    public Task OutputReadAsync() => Task.CompletedTask;

    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            closed();
        }

        return ValueTask.CompletedTask;
    }
}
