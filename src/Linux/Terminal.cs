using Microsoft.Win32.SafeHandles;

namespace Skiff.Linux;

/// <summary>The master side of a pseudo terminal that crun or runc made and sent us over a console socket.</summary>
public sealed class Terminal : IDisposable
{
    internal Terminal(SafeFileHandle master) => Master = master;

    /// <summary>Reads return EIO when the last holder of the slave side has gone: that is the end, not a fault.</summary>
    public SafeFileHandle Master { get; }

    public void Resize(int columns, int rows) => throw new NotImplementedException();

    public void Dispose() => Master.Dispose();
}

/// <summary>Listens where an OCI runtime's <c>--console-socket</c> points to and receives one terminal (SCM_RIGHTS).</summary>
public sealed class ConsoleSocket : IDisposable
{
    public ConsoleSocket(string path) => throw new NotImplementedException();

    public Task<Terminal> ReceiveAsync(CancellationToken cancellation) => throw new NotImplementedException();

    public void Dispose() => throw new NotImplementedException();
}
