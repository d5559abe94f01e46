using System.Net.Sockets;
using Grpc.Core;
using Grpc.Net.Client;
using Skiff.Harness.Cri;
using Skiff.Harness.Wire;

namespace Skiff.Harness;

/// <summary>containerd's own API and the CRI over its socket. A namespace goes with every call of the former.</summary>
internal sealed class ContainerdClient : IDisposable
{
    private readonly GrpcChannel _channel;

    public ContainerdClient(string socket, string containerdNamespace)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellation) =>
            {
                var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancellation);
                return new NetworkStream(connection, ownsSocket: true);
            },
        };
        _channel = GrpcChannel.ForAddress("http://containerd", new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
        Headers = new Metadata { { "containerd-namespace", containerdNamespace } };
        Tasks = new Tasks.TasksClient(_channel);
        Containers = new Containers.ContainersClient(_channel);
        Snapshots = new Snapshots.SnapshotsClient(_channel);
        Events = new Events.EventsClient(_channel);
        Runtime = new RuntimeService.RuntimeServiceClient(_channel);
        ImageService = new ImageService.ImageServiceClient(_channel);
    }

    public Metadata Headers { get; }

    public Tasks.TasksClient Tasks { get; }

    public Containers.ContainersClient Containers { get; }

    public Snapshots.SnapshotsClient Snapshots { get; }

    public Events.EventsClient Events { get; }

    public RuntimeService.RuntimeServiceClient Runtime { get; }

    public ImageService.ImageServiceClient ImageService { get; }

    public void Dispose() => _channel.Dispose();
}
