using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Skiff.Linux;

namespace Skiff.Testing;

/// <summary>
/// A name server on port 53 of an address in a namespace, by UDP and TCP. The first label of a name may ask for trouble: <c>long</c> is cut
/// short by UDP, <c>broken</c> fails, <c>silent</c> gets no answer, <c>forged</c> gets two answers to other questions before its own.
/// </summary>
internal sealed class NameServer : IDisposable
{
    private const int TypeA = 1;
    private const int TypeCname = 5;
    private const int TypeAaaa = 28;

    private readonly Dictionary<string, string[]> _records;
    private readonly Socket _datagrams;
    private readonly Socket _streams;
    private readonly CancellationTokenSource _end = new();

    /// <param name="records">Name → addresses, or one other name. With no text: the name exists and has nothing.</param>
    public NameServer(NetworkNamespace network, IPAddress address, IReadOnlyDictionary<string, string[]> records)
    {
        _records = new Dictionary<string, string[]>(records, StringComparer.OrdinalIgnoreCase);
        var v6 = address.AddressFamily == AddressFamily.InterNetworkV6;
        _datagrams = network.NewSocket(v6, stream: false);
        _datagrams.Bind(new IPEndPoint(address, 53));
        _streams = network.NewSocket(v6, stream: true);
        _streams.Bind(new IPEndPoint(address, 53));
        _streams.Listen(16);
        _ = AnswerDatagramsAsync();
        _ = AnswerStreamsAsync();
    }

    /// <summary>As <c>udp 1 web.example</c>: how, type, name.</summary>
    public ConcurrentQueue<string> Questions { get; } = [];

    /// <summary>Ports that questions came from by UDP.</summary>
    public ConcurrentDictionary<int, bool> Ports { get; } = [];

    /// <summary>The answer to a question; null for none.</summary>
    public byte[]? Answer(ReadOnlySpan<byte> query, bool datagram)
    {
        var at = 12;
        var labels = new List<string>();
        while (query[at] != 0)
        {
            labels.Add(Encoding.ASCII.GetString(query.Slice(at + 1, query[at])));
            at += 1 + query[at];
        }

        var name = string.Join('.', labels);
        int type = BinaryPrimitives.ReadUInt16BigEndian(query[(at + 1)..]);
        Questions.Enqueue($"{(datagram ? "udp" : "tcp")} {type} {name}");
        var (code, isCut) = (_records.ContainsKey(name) ? 0 : 3, labels[0] == "long" && datagram);
        switch (labels[0])
        {
            case "silent":
                return null;
            case "broken":
                code = 2;
                break;
            default:
                break;
        }

        var answers = code == 0 && !isCut ? Chain(name, type) : [];
        byte[] head = [query[0], query[1], (byte)(isCut ? 0x83 : 0x81), (byte)(0x80 | code), 0, 1, 0, (byte)answers.Count, 0, 0, 0, 0];
        return [.. head, .. query[12..(at + 5)], .. answers.SelectMany(answer => answer)];
    }

    public void Dispose()
    {
        _end.Cancel();
        _datagrams.Dispose();
        _streams.Dispose();
    }

    // The last of a chain first: whoever reads it must not count on an order.
    private List<byte[]> Chain(string name, int type)
    {
        var answers = new List<byte[]>();
        for (var owner = name; _records.TryGetValue(owner, out var texts);)
        {
            if (texts is [var next] && !IPAddress.TryParse(next, out _))
            {
                answers.Insert(0, Record(owner, TypeCname, Wire(next)));
                owner = next;
                continue;
            }

            var wanted = type == TypeA ? AddressFamily.InterNetwork : AddressFamily.InterNetworkV6;
            var found = type is TypeA or TypeAaaa ? texts.Select(IPAddress.Parse).Where(address => address.AddressFamily == wanted) : [];
            var last = owner;
            answers.InsertRange(0, found.Select(address => Record(last, type, address.GetAddressBytes())));
            break;
        }

        return answers;
    }

    private static byte[] Record(string owner, int type, byte[] data) =>
        [.. Wire(owner), 0, (byte)type, 0, 1, 0, 0, 0, 60, 0, (byte)data.Length, .. data];

    private static byte[] Wire(string name) =>
        [.. name.Split('.').SelectMany(label => Encoding.ASCII.GetBytes(label).Prepend((byte)label.Length)), 0];

    private async Task AnswerDatagramsAsync()
    {
        var buffer = new byte[2048];
        var any = new IPEndPoint(_datagrams.AddressFamily == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Any : IPAddress.Any, 0);
        while (!_end.IsCancellationRequested)
        {
            SocketReceiveFromResult received;
            try
            {
                received = await _datagrams.ReceiveFromAsync(buffer, any, _end.Token);
            }
            catch (Exception fault) when (fault is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                return;
            }

            Ports.TryAdd(((IPEndPoint)received.RemoteEndPoint).Port, true);
            var query = buffer.AsSpan(0, received.ReceivedBytes).ToArray();
            if (Answer(query, datagram: true) is not { } answer)
            {
                continue;
            }

            if (Encoding.ASCII.GetString(query, 13, query[12]) == "forged")
            {
                // Of another id, and to another question with the right id: each with the wrong address at its end.
                byte[] wrong = [.. answer];
                wrong[0] ^= 1;
                wrong[^1] ^= 1;
                await _datagrams.SendToAsync(wrong, received.RemoteEndPoint);
                wrong[0] ^= 1;
                wrong[13] = (byte)'g';
                await _datagrams.SendToAsync(wrong, received.RemoteEndPoint);
            }

            await _datagrams.SendToAsync(answer, received.RemoteEndPoint);
        }
    }

    private async Task AnswerStreamsAsync()
    {
        try
        {
            while (true)
            {
                using var connection = await _streams.AcceptAsync(_end.Token);
                await using var stream = new NetworkStream(connection);
                var length = new byte[2];
                await stream.ReadExactlyAsync(length, _end.Token);
                var query = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
                await stream.ReadExactlyAsync(query, _end.Token);
                if (Answer(query, datagram: false) is { } answer)
                {
                    BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)answer.Length);
                    await stream.WriteAsync((byte[])[.. length, .. answer], _end.Token);
                }
            }
        }
        catch (Exception fault) when (fault is SocketException or OperationCanceledException or ObjectDisposedException or IOException)
        {
            // The test is over.
        }
    }
}
