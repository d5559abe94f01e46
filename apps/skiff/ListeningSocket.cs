using System.Net;
using System.Net.Sockets;
using Skiff.Guest;

namespace Skiff.Cli;

/// <summary>Addresses that a command is told to listen on.</summary>
internal static class ListeningSocket
{
    private const int Backlog = 1024;

    /// <param name="option">Named where the text is no address.</param>
    /// <exception cref="GuestException">It is not <c>IP:PORT</c>.</exception>
    public static IPEndPoint Parse(string text, string option) => IPEndPoint.TryParse(text, out var address) && text.Contains(':', StringComparison.Ordinal)
        ? address
        : throw new GuestException($"{option} {text}: write IP:PORT, for example 127.0.0.1:8080");

    /// <exception cref="GuestException">The address is taken, or not one of this machine.</exception>
    public static Socket Bind(IPEndPoint address)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(address);
            socket.Listen(Backlog);
            return socket;
        }
        catch (SocketException fault)
        {
            socket.Dispose();
            throw new GuestException($"cannot listen on {address}: {fault.Message}", fault);
        }
    }
}
