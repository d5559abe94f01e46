using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Skiff.Linux;

namespace Skiff.Wasi.Names;

/// <summary>Asks name servers, from sockets of one namespace. Each question has a socket of its own, and so a port that nobody foresees.</summary>
internal sealed class DnsExchange(NetworkNamespace network, TimeProvider time)
{
    private const int Port = 53;

    /// <summary>More than a server sends that was not told that more is welcome (512, RFC 1035, 4.2.1).</summary>
    private const int DatagramBytesMax = 4096;

    /// <summary>Datagrams from the server's address that answer something else.</summary>
    private const int UnrelatedMax = 64;

    /// <summary>Goes through the servers until one has an answer; else what the last of them did.</summary>
    public async Task<DnsAnswer> AskAsync(ResolverConfiguration configuration, string name, ushort type, CancellationToken cancellation)
    {
        var outcome = DnsAnswer.Silent;
        var first = configuration.Rotate ? RandomNumberGenerator.GetInt32(configuration.Servers.Count) : 0;
        for (var attempt = 0; attempt < configuration.Attempts; attempt++)
        {
            var hasSilence = false;
            for (var index = 0; index < configuration.Servers.Count; index++)
            {
                var server = new IPEndPoint(configuration.Servers[(first + index) % configuration.Servers.Count], Port);
                var answer = await AskAsync(server, configuration, name, type, cancellation);
                if (answer.Case is DnsAnswer.Kind.Addresses or DnsAnswer.Kind.NoData or DnsAnswer.Kind.NoSuchName)
                {
                    return answer;
                }

                hasSilence |= answer.Case == DnsAnswer.Kind.Silent;
                // One that failed is known to be there, and that is worth more.
                outcome = answer.Case == DnsAnswer.Kind.Silent ? outcome : answer;
            }

            if (!hasSilence)
            {
                break;
            }
        }

        return outcome;
    }

    private async Task<DnsAnswer> AskAsync(
        IPEndPoint server, ResolverConfiguration configuration, string name, ushort type, CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource(configuration.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timeout.Token);
        var buffer = new byte[DnsMessage.QueryBytesMax];
        var query = buffer.AsMemory(0, DnsMessage.WriteQuery(buffer, (ushort)RandomNumberGenerator.GetInt32(ushort.MaxValue + 1), name, type));
        try
        {
            var answer = configuration.UseStream ? DnsAnswer.Truncated : await ByDatagramAsync(server, query, either.Token);
            answer = answer.Case == DnsAnswer.Kind.Truncated ? await ByStreamAsync(server, query, either.Token) : answer;
            // Cut short by TCP as well, or to another question: no server does that.
            return answer.Case is DnsAnswer.Kind.Truncated or DnsAnswer.Kind.Unrelated ? DnsAnswer.Failed : answer;
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            return DnsAnswer.Silent;
        }
        catch (Exception fault) when (fault is SocketException or IOException)
        {
            // Refused, unreachable, cut off: the next one, as for one that says nothing.
            return DnsAnswer.Silent;
        }
    }

    private async Task<DnsAnswer> ByDatagramAsync(IPEndPoint server, ReadOnlyMemory<byte> query, CancellationToken cancellation)
    {
        using var socket = network.NewSocket(server.AddressFamily == AddressFamily.InterNetworkV6, stream: false);
        // Connected: the kernel lets nobody else's datagrams in, and tells of a port that is closed.
        await socket.ConnectAsync(server, cancellation);
        await socket.SendAsync(query, SocketFlags.None, cancellation);
        var buffer = new byte[DatagramBytesMax];
        for (var unrelated = 0; unrelated < UnrelatedMax; unrelated++)
        {
            var length = await socket.ReceiveAsync(buffer, SocketFlags.None, cancellation);
            var answer = DnsMessage.Read(buffer.AsSpan(0, length), query.Span);
            if (answer.Case != DnsAnswer.Kind.Unrelated)
            {
                return answer;
            }
        }

        return DnsAnswer.Failed;
    }

    // RFC 1035, 4.2.2: each message with its length in front.
    private async Task<DnsAnswer> ByStreamAsync(IPEndPoint server, ReadOnlyMemory<byte> query, CancellationToken cancellation)
    {
        using var socket = network.NewSocket(server.AddressFamily == AddressFamily.InterNetworkV6, stream: true);
        await socket.ConnectAsync(server, cancellation);
        await using var stream = new NetworkStream(socket, ownsSocket: false);
        var sent = new byte[sizeof(ushort) + query.Length];
        BinaryPrimitives.WriteUInt16BigEndian(sent, (ushort)query.Length);
        query.CopyTo(sent.AsMemory(sizeof(ushort)));
        await stream.WriteAsync(sent, cancellation);
        await stream.ReadExactlyAsync(sent.AsMemory(0, sizeof(ushort)), cancellation);
        var answer = new byte[BinaryPrimitives.ReadUInt16BigEndian(sent)];
        await stream.ReadExactlyAsync(answer, cancellation);
        return DnsMessage.Read(answer, query.Span);
    }
}
