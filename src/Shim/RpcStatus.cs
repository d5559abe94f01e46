using Google.Protobuf;
using Skiff.Linux;
using Skiff.Sandbox;
using Skiff.Ttrpc;

namespace Skiff.Shim;

/// <summary>The one table from our errors to the codes that containerd understands.</summary>
internal static class RpcStatus
{
    public static TtrpcException Of(Exception failure) => failure switch
    {
        TtrpcException known => known,
        ShimException refused => new TtrpcException(Of(refused.Error), refused.Message, refused),
        SandboxException failed => new TtrpcException(Of(failed.Fault), failed.Message, failed),
        InvalidProtocolBufferException malformed =>
            new TtrpcException(TtrpcStatus.InvalidArgument, $"the request cannot be decoded: {malformed.Message}", malformed),
        OperationCanceledException given => new TtrpcException(TtrpcStatus.Cancelled, "the caller has given up, or this shim is stopping", given),
        LinuxException or IOException or UnauthorizedAccessException => new TtrpcException(TtrpcStatus.Internal, failure.Message, failure),
        _ => new TtrpcException(TtrpcStatus.Unknown, $"{failure.GetType().Name}: {failure.Message}", failure),
    };

    private static TtrpcStatus Of(ShimError error) => error switch
    {
        ShimError.InvalidArgument => TtrpcStatus.InvalidArgument,
        ShimError.NotFound => TtrpcStatus.NotFound,
        ShimError.AlreadyExists => TtrpcStatus.AlreadyExists,
        ShimError.FailedPrecondition => TtrpcStatus.FailedPrecondition,
        ShimError.ResourceExhausted => TtrpcStatus.ResourceExhausted,
        ShimError.DeadlineExceeded => TtrpcStatus.DeadlineExceeded,
        ShimError.Unavailable => TtrpcStatus.Unavailable,
        ShimError.Unimplemented => TtrpcStatus.Unimplemented,
        _ => TtrpcStatus.Internal,
    };

    private static TtrpcStatus Of(SandboxFault fault) => fault switch
    {
        SandboxFault.InvalidArgument => TtrpcStatus.InvalidArgument,
        SandboxFault.NotFound => TtrpcStatus.NotFound,
        SandboxFault.FailedPrecondition => TtrpcStatus.FailedPrecondition,
        SandboxFault.Unimplemented => TtrpcStatus.Unimplemented,
        SandboxFault.ResourceExhausted => TtrpcStatus.ResourceExhausted,
        _ => TtrpcStatus.Internal,
    };
}
