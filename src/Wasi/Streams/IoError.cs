using Skiff.Linux;
using Skiff.Wasi.Bindings.Io;

namespace Skiff.Wasi.Streams;

/// <summary>
/// Why a stream failed: a <c>wasi:io/error.error</c>. Rooms that have error codes of their own derive from it, and their
/// functions (<c>http-error-code</c> …) look for their type.
/// </summary>
public class IoError(string text, WasiErrno errno = WasiErrno.Io) : IError
{
    /// <summary>The failure as the file system's and the sockets' codes have it.</summary>
    public WasiErrno Errno { get; } = errno;

    /// <summary>For a person that debugs; not to be parsed.</summary>
    public string ToDebugString() => text;

    internal static IoError Of(string operation, long answer) =>
        new(new LinuxException(operation, (int)-answer).Message, LinuxErrors.Of(answer));
}
