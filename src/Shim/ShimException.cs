namespace Skiff.Shim;

/// <summary>
/// A call of containerd is refused or has failed. The message is for the user of containerd: it names what can be changed.
/// </summary>
internal sealed class ShimException(ShimError error, string message, Exception? inner = null) : Exception(message, inner)
{
    public ShimError Error { get; } = error;
}

/// <summary>Why a call fails, in the words of gRPC's status codes; <c>RpcStatus</c> maps them onto the wire.</summary>
internal enum ShimError
{
    InvalidArgument,
    NotFound,
    AlreadyExists,
    FailedPrecondition,
    ResourceExhausted,
    DeadlineExceeded,
    Unavailable,
    Unimplemented,
    Internal,
}
