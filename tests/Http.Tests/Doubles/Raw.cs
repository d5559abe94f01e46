using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Skiff.Http.Tests.Doubles;

/// <summary>A client that says what a well-behaved one would not.</summary>
internal static class Raw
{
    public static async Task<string> ExchangeAsync(IPEndPoint to, string text, bool halfClose = false)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(to);
        await socket.SendAsync(Encoding.Latin1.GetBytes(text));
        if (halfClose)
        {
            socket.Shutdown(SocketShutdown.Send);
        }

        var all = new StringBuilder();
        var buffer = new byte[4096];
        while (await socket.ReceiveAsync(buffer).WaitAsync(TimeSpan.FromSeconds(20)) is var count and > 0)
        {
            all.Append(Encoding.Latin1.GetString(buffer, 0, count));
        }

        return all.ToString();
    }
}
