using System.Net.Sockets;

namespace Skiff.Linux;

/// <summary>
/// Listens where an OCI runtime's <c>--console-socket</c> points to and receives one terminal (SCM_RIGHTS). The socket's
/// file can be connected to by its owner only and goes with <see cref="Dispose"/>.
/// </summary>
public sealed class ConsoleSocket : IDisposable
{
    /// <summary>A runtime sends one descriptor; room for a few more, so that surplus ones reach us and can be closed.</summary>
    private const int DescriptorsMax = 16;

    private readonly string _path;
    private readonly Socket _listener;

    /// <param name="path">107 bytes at most.</param>
    /// <exception cref="LinuxException">The path is too long or taken.</exception>
    public ConsoleSocket(string path)
    {
        using var descriptor = UnixListener.TryListen(path, UnixFileMode.UserRead | UnixFileMode.UserWrite)
            ?? throw new LinuxException("console socket", Errno.EADDRINUSE, path);
        _path = path;
        _listener = Descriptors.ToSocket(descriptor);
    }

    /// <summary>Waits for the runtime to connect and to send the terminal.</summary>
    /// <exception cref="LinuxException">It hung up without sending one, or what it sent is no terminal.</exception>
    public async Task<Terminal> ReceiveAsync(CancellationToken cancellation)
    {
        using var connection = await _listener.AcceptAsync(cancellation);
        while (true)
        {
            // Waits for data without taking it, as .NET's own receive would drop the descriptors that come with it.
            await connection.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None, cancellation);
            var payload = new byte[4096];
            var received = DescriptorMessage.TryReceive(connection.SafeHandle, payload, DescriptorsMax, out var descriptors);
            foreach (var surplus in descriptors.Skip(1))
            {
                surplus.Dispose();
            }

            if (descriptors.Count > 0)
            {
                return new Terminal(descriptors[0]);
            }

            if (received == 0)
            {
                throw new LinuxException("console socket (the runtime hung up without sending a terminal)", Errno.EPIPE, _path);
            }
        }
    }

    public void Dispose()
    {
        _listener.Dispose();
        File.Delete(_path);
    }
}
