using Skiff.Linux;

namespace Skiff.Sandbox;

/// <summary>
/// A socket for the runtime to send a terminal to. Not in the bundle: its path is longer than the 107 bytes that the
/// address of a Unix socket can have.
/// </summary>
internal sealed class ConsolePlace : IDisposable
{
    private readonly ConsoleSocket _socket;

    public ConsolePlace(string runFolder)
    {
        Directory.CreateDirectory(runFolder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Path = System.IO.Path.Combine(runFolder, $"tty.{Guid.NewGuid():N}");
        _socket = new ConsoleSocket(Path);
    }

    public string Path { get; }

    /// <summary>The terminal; the runtime has sent it before it exits.</summary>
    public Task<Terminal> ReceiveAsync(CancellationToken cancellation) => _socket.ReceiveAsync(cancellation);

    public void Dispose()
    {
        _socket.Dispose();
        File.Delete(Path);
    }
}
