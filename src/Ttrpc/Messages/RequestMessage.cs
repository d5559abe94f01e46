namespace Skiff.Ttrpc;

/// <summary>
/// <code>
/// message Request  { string service = 1; string method = 2; bytes payload = 3; int64 timeout_nano = 4; repeated KeyValue metadata = 5; }
/// message KeyValue { string key = 1; string value = 2; }
/// </code>
/// </summary>
internal readonly record struct RequestMessage(
    string Service,
    string Method,
    ReadOnlyMemory<byte> Payload,
    long TimeoutNano,
    IReadOnlyList<KeyValuePair<string, string>> Metadata)
{
    /// <summary>An empty entry costs its sender two bytes and us fifty: without a limit 4 MiB would become 100.</summary>
    public const int MetadataEntriesMax = 256;

    private const int Service_ = 1;
    private const int Method_ = 2;
    private const int Payload_ = 3;
    private const int TimeoutNano_ = 4;
    private const int Metadata_ = 5;

    /// <summary><see cref="Payload"/> is a slice of <paramref name="data"/>, not a copy.</summary>
    /// <exception cref="WireFormatException">The bytes are not a Request, or it has too many metadata entries.</exception>
    public static RequestMessage Decode(ReadOnlyMemory<byte> data)
    {
        Range service = default, method = default, payload = default;
        long timeout = 0;
        List<KeyValuePair<string, string>>? metadata = null;
        var bytes = data.Span;
        var reader = new WireReader(bytes);
        while (reader.TryReadTag(out var field, out var type))
        {
            switch (field, type)
            {
                case (Service_, WireType.LengthDelimited):
                    service = reader.ReadBytes();
                    break;
                case (Method_, WireType.LengthDelimited):
                    method = reader.ReadBytes();
                    break;
                case (Payload_, WireType.LengthDelimited):
                    payload = reader.ReadBytes();
                    break;
                case (TimeoutNano_, WireType.Varint):
                    timeout = (long)reader.ReadVarint();
                    break;
                case (Metadata_, WireType.LengthDelimited):
                    metadata ??= [];
                    Add(metadata, bytes[reader.ReadBytes()]);
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        return new RequestMessage(
            WireReader.ReadString(bytes[service]),
            WireReader.ReadString(bytes[method]),
            data[payload],
            timeout,
            (IReadOnlyList<KeyValuePair<string, string>>?)metadata ?? []);
    }

    /// <exception cref="TtrpcException">ResourceExhausted: the request does not fit into a frame.</exception>
    public OutgoingFrame Encode(uint streamId)
    {
        var length = (long)WireWriter.StringFieldSize(Service_, Service) + WireWriter.StringFieldSize(Method_, Method)
            + WireWriter.BytesFieldSize(Payload_, Payload.Length) + WireWriter.VarintFieldSize(TimeoutNano_, (ulong)TimeoutNano);
        foreach (var (key, value) in Metadata)
        {
            length += WireWriter.MessageFieldSize(Metadata_, EntrySize(key, value));
        }

        if (length > FrameHeader.DataBytesMax)
        {
            throw new TtrpcException(
                TtrpcStatus.ResourceExhausted,
                $"The request to {Service}/{Method} has {length} bytes; a TTRPC frame holds at most {FrameHeader.DataBytesMax}.");
        }

        var frame = new OutgoingFrame(FrameType.Request, streamId, (int)length);
        var writer = new WireWriter(frame.Data);
        writer.StringField(Service_, Service);
        writer.StringField(Method_, Method);
        writer.BytesField(Payload_, Payload.Span);
        writer.VarintField(TimeoutNano_, (ulong)TimeoutNano);
        foreach (var (key, value) in Metadata)
        {
            writer.MessageField(Metadata_, EntrySize(key, value));
            writer.StringField(1, key);
            writer.StringField(2, value);
        }

        return frame;
    }

    private static int EntrySize(string key, string value) => WireWriter.StringFieldSize(1, key) + WireWriter.StringFieldSize(2, value);

    private static void Add(List<KeyValuePair<string, string>> metadata, ReadOnlySpan<byte> entry)
    {
        if (metadata.Count == MetadataEntriesMax)
        {
            throw new WireFormatException($"The request has more than {MetadataEntriesMax} metadata entries.");
        }

        Range key = default, value = default;
        var reader = new WireReader(entry);
        while (reader.TryReadTag(out var field, out var type))
        {
            switch (field, type)
            {
                case (1, WireType.LengthDelimited):
                    key = reader.ReadBytes();
                    break;
                case (2, WireType.LengthDelimited):
                    value = reader.ReadBytes();
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        metadata.Add(new(WireReader.ReadString(entry[key]), WireReader.ReadString(entry[value])));
    }
}
