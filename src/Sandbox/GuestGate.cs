using System.Net.Sockets;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Skiff.Guest;
using Skiff.Linux;

namespace Skiff.Sandbox;

/// <summary>The maker's side of the <see cref="StartGate"/>: hears whether the run program is ready, and says go.</summary>
internal sealed class GuestGate : IDisposable
{
    private readonly Socket _socket;

    private readonly GuestCode _code;

    private GuestGate(Socket socket, GuestCode code) => (_socket, _code) = (socket, code);

    /// <summary>A gate and the end for the run program, which the caller disposes once the program has it.</summary>
    /// <param name="code">What the program runs; when it does not load, it is taken out of the cache.</param>
    public static (GuestGate Gate, SafeFileHandle Theirs) Open(GuestCode code)
    {
        var (ours, theirs) = Descriptors.SocketPair();
        return (new GuestGate(ours, code), theirs);
    }

    /// <summary>
    /// Waits until the guest is ready and lets it run. False when its process ended before it was ready.
    /// </summary>
    /// <exception cref="SandboxException">The run program refuses the guest; its text says why.</exception>
    public async Task<bool> PassAsync(CancellationToken cancellation)
    {
        var line = await ReadLineAsync(cancellation);
        if (line is null)
        {
            return false;
        }

        if (!line.AsSpan().SequenceEqual(StartGate.Ready))
        {
            throw Refused(Encoding.UTF8.GetString(line).TrimEnd('\n'));
        }

        try
        {
            await _socket.SendAsync(StartGate.Start.ToArray(), cancellation);
            return true;
        }
        catch (SocketException fault) when (fault.SocketErrorCode is SocketError.ConnectionReset or SocketError.Shutdown)
        {
            return false;
        }
    }

    public void Dispose() => _socket.Dispose();

    // With the newline; null at the end of the stream.
    private async Task<byte[]?> ReadLineAsync(CancellationToken cancellation)
    {
        var buffer = new byte[StartGate.MessageBytesMax];
        for (var length = 0; length < buffer.Length;)
        {
            int count;
            try
            {
                count = await _socket.ReceiveAsync(buffer.AsMemory(length), cancellation);
            }
            catch (SocketException fault) when (fault.SocketErrorCode == SocketError.ConnectionReset)
            {
                return null;
            }

            if (count == 0)
            {
                return null;
            }

            length += count;
            if (buffer[length - 1] == (byte)'\n')
            {
                return buffer[..length];
            }
        }

        return buffer;
    }

    private SandboxException Refused(string text)
    {
        if (text.StartsWith(StartGate.ErrorWord, StringComparison.Ordinal))
        {
            return new SandboxException(text[StartGate.ErrorWord.Length..], SandboxFault.InvalidArgument);
        }

        if (text.StartsWith(StartGate.DamagedWord, StringComparison.Ordinal))
        {
            // Not mended here: this init is the container's, its number is known, and its program has no more to do than to end.
            _code.Forget();
            return new SandboxException(
                $"{text[StartGate.DamagedWord.Length..]}. It was taken out of the cache: the next start of this module compiles it anew.",
                SandboxFault.FailedPrecondition);
        }

        return new SandboxException(
            $"The run program said '{text[..Math.Min(text.Length, 200)]}' instead of ready: it and the shim are not of the same version; install both anew.",
            SandboxFault.InvalidArgument);
    }
}
