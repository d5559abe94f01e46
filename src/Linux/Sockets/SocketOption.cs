namespace Skiff.Linux.Sockets;

/// <summary>An option with a whole number (socket(7), tcp(7), ip(7), ipv6(7)).</summary>
public readonly record struct SocketOption(int Level, int Name)
{
    private const int SOL_SOCKET = 1;
    private const int IPPROTO_IP = 0;
    private const int IPPROTO_TCP = 6;
    private const int IPPROTO_IPV6 = 41;

    public static SocketOption ReuseAddress { get; } = new(SOL_SOCKET, 2);

    /// <summary>SO_ERROR: what became of a connect; reading it clears it.</summary>
    public static SocketOption Error { get; } = new(SOL_SOCKET, 4);

    public static SocketOption SendBuffer { get; } = new(SOL_SOCKET, 7);

    public static SocketOption ReceiveBuffer { get; } = new(SOL_SOCKET, 8);

    public static SocketOption KeepAlive { get; } = new(SOL_SOCKET, 9);

    /// <summary>Seconds.</summary>
    public static SocketOption KeepAliveIdle { get; } = new(IPPROTO_TCP, 4);

    /// <summary>Seconds.</summary>
    public static SocketOption KeepAliveInterval { get; } = new(IPPROTO_TCP, 5);

    public static SocketOption KeepAliveCount { get; } = new(IPPROTO_TCP, 6);

    public static SocketOption V6Only { get; } = new(IPPROTO_IPV6, 26);

    public static SocketOption HopLimit(bool v6) => v6 ? new(IPPROTO_IPV6, 16) : new(IPPROTO_IP, 2);
}
