using System.Runtime.InteropServices;
using Skiff.Components.Host;
using Skiff.Linux.Sockets;
using Skiff.Wasi.Bindings.Sockets;

namespace Skiff.Wasi.Sockets;

/// <summary>Reading and setting options, where <c>wasi:sockets</c> clamps what POSIX leaves open.</summary>
internal static class SocketOptions
{
    private const ulong NanosecondsPerSecond = 1_000_000_000;

    /// <summary>tcp(7): longer keep-alive times and more probes than these, Linux refuses.</summary>
    private const ulong KeepAliveSecondsMax = 32767;

    private const uint KeepAliveCountMax = 127;

    public static Result<bool, ErrorCode> Flag(SafeHandle socket, SocketOption option)
    {
        var answer = SocketCalls.GetOption(socket, option, out var value);
        return answer < 0 ? SocketWords.Of(answer) : value != 0;
    }

    public static Result<Unit, ErrorCode> Set(SafeHandle socket, SocketOption option, int value)
    {
        var answer = SocketCalls.SetOption(socket, option, value);
        return answer < 0 ? SocketWords.Of(answer) : default(Unit);
    }

    public static Result<ulong, ErrorCode> Duration(SafeHandle socket, SocketOption option)
    {
        var answer = SocketCalls.GetOption(socket, option, out var seconds);
        return answer < 0 ? SocketWords.Of(answer) : (ulong)seconds * NanosecondsPerSecond;
    }

    public static Result<Unit, ErrorCode> SetDuration(SafeHandle socket, SocketOption option, ulong nanoseconds)
    {
        if (nanoseconds == 0)
        {
            return ErrorCode.InvalidArgument;
        }

        // Whole seconds there: rounded up, so that it is never 0.
        var seconds = ((nanoseconds - 1) / NanosecondsPerSecond) + 1;
        return Set(socket, option, (int)Math.Min(seconds, KeepAliveSecondsMax));
    }

    public static Result<uint, ErrorCode> Count(SafeHandle socket, SocketOption option)
    {
        var answer = SocketCalls.GetOption(socket, option, out var value);
        return answer < 0 ? SocketWords.Of(answer) : (uint)value;
    }

    public static Result<Unit, ErrorCode> SetCount(SafeHandle socket, SocketOption option, uint value) =>
        value == 0 ? ErrorCode.InvalidArgument : Set(socket, option, (int)Math.Min(value, KeepAliveCountMax));

    public static Result<byte, ErrorCode> HopLimit(SafeHandle socket, bool v6)
    {
        var answer = SocketCalls.GetOption(socket, SocketOption.HopLimit(v6), out var value);
        return answer < 0 ? SocketWords.Of(answer) : (byte)value;
    }

    public static Result<Unit, ErrorCode> SetHopLimit(SafeHandle socket, bool v6, byte value) =>
        value == 0 ? ErrorCode.InvalidArgument : Set(socket, SocketOption.HopLimit(v6), value);

    // Linux doubles what is set, for its own bookkeeping, and tells the double (socket(7)).
    public static Result<ulong, ErrorCode> Buffer(SafeHandle socket, SocketOption option)
    {
        var answer = SocketCalls.GetOption(socket, option, out var value);
        return answer < 0 ? SocketWords.Of(answer) : (ulong)value / 2;
    }

    public static Result<Unit, ErrorCode> SetBuffer(SafeHandle socket, SocketOption option, ulong bytes) =>
        bytes == 0 ? ErrorCode.InvalidArgument : Set(socket, option, (int)Math.Min(bytes, int.MaxValue / 2));
}
