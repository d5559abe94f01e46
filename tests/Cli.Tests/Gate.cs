using System.Net.Sockets;
using System.Text;

namespace Skiff.Cli.Tests;

/// <summary>The maker's side of a start gate.</summary>
internal static class Gate
{
    /// <summary>One message, or "" at the end of the stream.</summary>
    public static string Read(Socket socket)
    {
        var message = new byte[16 * 1024];
        return Encoding.UTF8.GetString(message, 0, socket.Receive(message));
    }

    public static void Write(Socket socket, string message) => socket.Send(Encoding.UTF8.GetBytes(message));
}
