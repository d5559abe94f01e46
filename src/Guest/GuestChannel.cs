using System.Buffers;
using System.Net.Sockets;
using System.Text;

namespace Skiff.Guest;

/// <summary>
/// One end of a guest's channel: lines in both directions (<see cref="HostProtocol"/>). While nothing comes it holds no buffer.
/// </summary>
/// <param name="socket">Connected; taken over.</param>
public sealed class GuestChannel(Socket socket) : IDisposable
{
    private const int ReadBytes = 1024;
    private const byte NewLine = (byte)'\n';

    private readonly SemaphoreSlim _sending = new(1);
    private byte[]? _buffer;
    private int _length;

    /// <summary>The next line without its end; null when the other side has closed.</summary>
    /// <exception cref="InvalidDataException">It is longer than <see cref="HostProtocol.LineBytesMax"/>.</exception>
    public async Task<string?> ReceiveAsync(CancellationToken cancellation)
    {
        while (true)
        {
            if (TakeLine() is { } line)
            {
                return line;
            }

            if (_length == 0)
            {
                // Waits without a buffer: nearly all guests say nothing nearly all of the time.
                await socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None, cancellation);
            }

            Grow();
            var count = await socket.ReceiveAsync(_buffer.AsMemory(_length), SocketFlags.None, cancellation);
            if (count == 0)
            {
                return null;
            }

            _length += count;
        }
    }

    /// <summary>Sends one line. Nobody else waits for a peer that does not read.</summary>
    /// <returns>False: the other side has gone.</returns>
    public async Task<bool> SendAsync(string line)
    {
        var bytes = Encoding.UTF8.GetBytes(line.ReplaceLineEndings(" | ") + "\n");
        await _sending.WaitAsync();
        try
        {
            for (var sent = 0; sent < bytes.Length;)
            {
                sent += await socket.SendAsync(bytes.AsMemory(sent), SocketFlags.None);
            }

            return true;
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            return false;
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>Nothing more will be said; the other side sees the end.</summary>
    public void EndSending()
    {
        try
        {
            socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // It has gone already.
        }
    }

    public void Dispose()
    {
        socket.Dispose();
        Release();
    }

    private string? TakeLine()
    {
        var end = _buffer.AsSpan(0, _length).IndexOf(NewLine);
        if (end < 0)
        {
            return _length <= HostProtocol.LineBytesMax
                ? null
                : throw new InvalidDataException($"a line of more than {HostProtocol.LineBytesMax} bytes");
        }

        var line = Encoding.UTF8.GetString(_buffer.AsSpan(0, end));
        _length -= end + 1;
        _buffer.AsSpan(end + 1, _length).CopyTo(_buffer);
        if (_length == 0)
        {
            Release();
        }

        return line;
    }

    private void Grow()
    {
        if (_buffer is null)
        {
            _buffer = ArrayPool<byte>.Shared.Rent(ReadBytes);
        }
        else if (_length == _buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(2 * _length);
            _buffer.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }
    }

    private void Release()
    {
        if (_buffer is { } buffer)
        {
            _buffer = null;
            // Environments have secrets in them.
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        }
    }
}
