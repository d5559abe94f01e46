using System.Net.Sockets;
using Grpc.Core;
using Grpc.Net.Client;
using Skiff.Images.Containerd.Protocol;
using Skiff.Oci.Image;

namespace Skiff.Images.Containerd;

/// <summary>containerd's gRPC services Containers, Images and Content, within one namespace, over its Unix socket.</summary>
public sealed class ContainerdStore : IImageStore, IDisposable
{
    /// <summary>containerd's own limit for a message, which its answers to Content.Read keep (they are far smaller).</summary>
    private const int MessageBytesMax = 16 * 1024 * 1024;

    // containerd answers in a millisecond. When its disk or its lock is stuck, the shim's caller wants an answer before its own
    // two minutes are over.
    private static readonly TimeSpan AnswerTimeMax = TimeSpan.FromSeconds(20);

    private readonly TimeSpan _answerTime;
    private readonly string _address;
    private readonly Metadata _headers;
    private readonly SocketsHttpHandler _transport;
    private readonly GrpcChannel _channel;
    private readonly CallInvoker _invoker;

    /// <param name="address">Path of the socket, also as <c>unix://PATH</c>.</param>
    /// <param name="containerdNamespace">containerd's namespace, for instance <c>default</c> or <c>k8s.io</c>.</param>
    public ContainerdStore(string address, string containerdNamespace)
        : this(address, containerdNamespace, AnswerTimeMax)
    {
    }

    internal ContainerdStore(string address, string containerdNamespace, TimeSpan answerTime)
    {
        const string Scheme = "unix://";
        _address = address.StartsWith(Scheme, StringComparison.Ordinal) ? address[Scheme.Length..] : address;
        _answerTime = answerTime;
        _headers = new Metadata { { "containerd-namespace", containerdNamespace } };
        _transport = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            // containerd asks for no trace context, and looking for one starts the diagnostics machinery.
            ActivityHeadersPropagator = null,
            ConnectCallback = ConnectAsync,
        };
        _channel = GrpcChannel.ForAddress("http://containerd", new GrpcChannelOptions
        {
            HttpHandler = _transport,
            MaxReceiveMessageSize = MessageBytesMax,
        });
        _invoker = _channel.CreateCallInvoker();
    }

    /// <inheritdoc/>
    public Task<ContainerRecord> GetContainerAsync(string id, CancellationToken cancellation) =>
        AskAsync(
            $"container '{id}'",
            "it has been deleted, or lies in another namespace",
            async deadline =>
            {
                var client = new Containers.ContainersClient(_invoker);
                var answer = await client.GetAsync(new GetContainerRequest { Id = id }, _headers, cancellationToken: deadline.Token);
                var container = answer.Container ?? throw Incomplete($"container '{id}'");
                return new ContainerRecord(container.Image, container.Spec?.Value.Memory ?? default);
            },
            cancellation);

    /// <inheritdoc/>
    public Task<Descriptor> GetTargetAsync(string image, CancellationToken cancellation) =>
        AskAsync(
            $"image '{image}'",
            "pull it again",
            async deadline =>
            {
                var client = new Protocol.Images.ImagesClient(_invoker);
                var answer = await client.GetAsync(new GetImageRequest { Name = image }, _headers, cancellationToken: deadline.Token);
                var target = answer.Image?.Target ?? throw Incomplete($"image '{image}'");
                return new Descriptor { MediaType = target.MediaType, Digest = target.Digest, Size = target.Size };
            },
            cancellation);

    /// <inheritdoc/>
    public Task<byte[]> ReadAsync(Descriptor blob, long bytesMax, CancellationToken cancellation) =>
        AskAsync(
            $"blob {blob.Digest} ({blob.MediaType})",
            "pull the image again, and see that nothing discards its layers (discard_unpacked_layers of the CRI plugin, a " +
            "snapshotter that pulls lazily)",
            async deadline =>
            {
                var content = new Blob(blob, bytesMax);
                var client = new Content.ContentClient(_invoker);
                using var answers = client.Read(
                    new ReadContentRequest { Digest = blob.Digest }, _headers, cancellationToken: deadline.Token);
                while (await answers.ResponseStream.MoveNext(deadline.Token))
                {
                    var data = answers.ResponseStream.Current.Data;
                    content.Append(data.Span);
                    if (!data.IsEmpty)
                    {
                        // A large layer may take long; only standing still is a fault.
                        deadline.CancelAfter(_answerTime);
                    }
                }

                return content.Finish();
            },
            cancellation);

    public void Dispose()
    {
        _channel.Dispose();
        _transport.Dispose();
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(_address), cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<T> AskAsync<T>(
        string what, string whenMissing, Func<CancellationTokenSource, Task<T>> ask, CancellationToken cancellation)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(_answerTime);
        try
        {
            return await ask(deadline);
        }
        catch (Exception fault) when (fault is RpcException or OperationCanceledException && deadline.IsCancellationRequested)
        {
            cancellation.ThrowIfCancellationRequested();
            throw new ImageException(
                $"containerd at {_address} did not answer within {_answerTime.TotalSeconds} s, asked for {what}", fault);
        }
        catch (RpcException fault)
        {
            throw new ImageException(
                fault.StatusCode switch
                {
                    StatusCode.NotFound => $"containerd does not have {what} ({fault.Status.Detail}): {whenMissing}",
                    StatusCode.Unavailable => $"cannot reach containerd at {_address}: {Innermost(fault).Message}",
                    _ => $"containerd at {_address} refused {what}: {fault.StatusCode}, {fault.Status.Detail}",
                },
                fault);
        }
    }

    private static Exception Innermost(RpcException fault) => (fault.Status.DebugException ?? fault).GetBaseException();

    private static ImageException Incomplete(string what) => new($"containerd's answer for {what} is incomplete");
}
