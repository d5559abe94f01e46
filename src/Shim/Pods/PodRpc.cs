using System.Runtime.InteropServices;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Skiff.Shim.Protos;
using Skiff.Shim.Server;
using Skiff.Shim.Stats;
using Skiff.Ttrpc;

namespace Skiff.Shim.Pods;

/// <summary>containerd.runtime.sandbox.v1.Sandbox on the wire (docs/containerd.md 9).</summary>
internal sealed class PodRpc(PodService pods, TimeProvider time, IServerUse use)
{
    public const string Service = "containerd.runtime.sandbox.v1.Sandbox";

    private const string ConfigType = "runtime.v1.PodSandboxConfig";

    public IReadOnlyDictionary<string, TtrpcHandler> Methods() => new Dictionary<string, TtrpcHandler>(StringComparer.Ordinal)
    {
        ["CreateSandbox"] = RpcMethod.Of(CreateSandboxRequest.Parser, CreateAsync),
        ["StartSandbox"] = RpcMethod.Of(SandboxRequest.Parser, StartAsync),
        ["Platform"] = RpcMethod.Of(SandboxRequest.Parser, PlatformOf),
        ["StopSandbox"] = RpcMethod.Of(StopSandboxRequest.Parser, request => pods.StopAsync(request.SandboxId, TimeSpan.FromSeconds(request.TimeoutSecs))),
        ["WaitSandbox"] = RpcMethod.Of(SandboxRequest.Parser, WaitAsync),
        ["SandboxStatus"] = RpcMethod.Of(SandboxStatusRequest.Parser, Status),
        ["PingSandbox"] = RpcMethod.Of(SandboxRequest.Parser, request => { pods.Status(request.SandboxId); }),
        ["ShutdownSandbox"] = RpcMethod.Of(SandboxRequest.Parser, ShutdownAsync),
        ["SandboxMetrics"] = RpcMethod.Of(SandboxRequest.Parser, Metrics),
    };

    private async Task<IMessage> CreateAsync(CreateSandboxRequest request, TtrpcCall call)
    {
        use.Used();
        var config = Wire.Typed(request.Options) is { Value.Length: > 0 } options
            ? options.TypeName == ConfigType
                ? PodSandboxConfig.Parser.ParseFrom(options.Value.Span)
                : throw new ShimException(ShimError.InvalidArgument, $"sandbox options of type '{options.TypeUrl}' are not known; {ConfigType} is")
            : new PodSandboxConfig();
        await pods.CreateAsync(request.SandboxId, request.BundlePath, config, request.NetnsPath, call.CancellationToken);
        return new Empty();
    }

    private async Task<IMessage> StartAsync(SandboxRequest request, TtrpcCall call)
    {
        var (pid, createdAt) = await pods.StartAsync(request.SandboxId);
        return new StartSandboxResponse { Pid = (uint)pid, CreatedAt = WireTime.Of(createdAt) };
    }

    private static PlatformResponse PlatformOf(SandboxRequest request) => new()
    {
        Platform = new Platform
        {
            Os = "linux",
            Architecture = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "arm64" : "amd64",
        },
    };

    private async Task<IMessage> WaitAsync(SandboxRequest request, TtrpcCall call)
    {
        var exit = await pods.WaitAsync(request.SandboxId, call.CancellationToken);
        return new WaitSandboxResponse { ExitStatus = (uint)exit.Status, ExitedAt = WireTime.Of(exit.At) };
    }

    private SandboxStatusResponse Status(SandboxStatusRequest request)
    {
        var (pid, ready, createdAt, exit) = pods.Status(request.SandboxId);
        return new SandboxStatusResponse
        {
            SandboxId = request.SandboxId,
            Pid = (uint)pid,
            State = ready ? "SANDBOX_READY" : "SANDBOX_NOTREADY",
            CreatedAt = WireTime.Of(createdAt),
            ExitedAt = exit is null ? null : WireTime.Of(exit.At),
        };
    }

    private async Task<IMessage> ShutdownAsync(SandboxRequest request, TtrpcCall call)
    {
        await pods.ShutdownAsync(request.SandboxId);
        use.Used();
        use.AskToLeave();
        return new Empty();
    }

    private SandboxMetricsResponse Metrics(SandboxRequest request) => new()
    {
        Metrics = new Metric
        {
            Timestamp = WireTime.Of(time.GetUtcNow()),
            Id = request.SandboxId,
            Data = Wire.Any(CgroupMetrics.Of(pods.ControlGroupOf(request.SandboxId))),
        },
    };
}
