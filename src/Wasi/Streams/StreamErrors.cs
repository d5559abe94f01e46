using Skiff.Components.Host;
using Skiff.Wasi.Bindings.Io;

namespace Skiff.Wasi.Streams;

/// <summary>From what a stream did to what <c>wasi:io/streams</c> says of it.</summary>
internal static class StreamErrors
{
    public static Result<ulong, StreamError> Counted(this StreamResult result) => result.IsOpen ? result.Count : result.Fault();

    public static Result<Unit, StreamError> Uncounted(this StreamResult result) => result.IsOpen ? default(Unit) : result.Fault();

    public static StreamError Fault(this StreamResult result) =>
        result.Error is { } error ? StreamError.LastOperationFailed(error) : StreamError.Closed;
}
