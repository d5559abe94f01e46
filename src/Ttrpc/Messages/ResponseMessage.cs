using System.Text;

namespace Skiff.Ttrpc;

/// <summary>
/// <code>
/// message Response { google.rpc.Status status = 1; bytes payload = 2; }
/// message Status   { int32 code = 1; string message = 2; repeated google.protobuf.Any details = 3; }
/// </code>
/// The details are neither read nor written: containerd maps errors by code and message only.
/// </summary>
internal readonly record struct ResponseMessage(TtrpcStatus Status, string Message, ReadOnlyMemory<byte> Payload)
{
    /// <summary>Bytes of a status text; the rest is cut. Long enough for a runtime's last log lines, short enough for an event.</summary>
    public const int MessageBytesMax = 16 * 1024;

    private const int Status_ = 1;
    private const int Payload_ = 2;
    private const int Code = 1;
    private const int Text = 2;

    public static ResponseMessage Success(ReadOnlyMemory<byte> payload) => new(TtrpcStatus.Ok, "", payload);

    public static ResponseMessage Failure(TtrpcStatus status, string message) => new(status, Cut(message), default);

    /// <exception cref="WireFormatException">The bytes are not a Response.</exception>
    public static ResponseMessage Decode(ReadOnlyMemory<byte> data)
    {
        ulong code = 0;
        var message = "";
        Range payload = default;
        var bytes = data.Span;
        var reader = new WireReader(bytes);
        while (reader.TryReadTag(out var field, out var type))
        {
            switch (field, type)
            {
                case (Status_, WireType.LengthDelimited):
                    DecodeStatus(bytes[reader.ReadBytes()], ref code, ref message);
                    break;
                case (Payload_, WireType.LengthDelimited):
                    payload = reader.ReadBytes();
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        return new ResponseMessage((TtrpcStatus)(int)code, message, data[payload]);
    }

    /// <summary>An answer that does not fit into a frame becomes a ResourceExhausted status: the caller must hear something.</summary>
    public OutgoingFrame Encode(uint streamId)
    {
        var statusLength = StatusLength();
        var length = (Status == TtrpcStatus.Ok ? 0 : WireWriter.MessageFieldSize(Status_, statusLength))
            + (long)WireWriter.BytesFieldSize(Payload_, Payload.Length);
        if (length > FrameHeader.DataBytesMax)
        {
            return Failure(
                TtrpcStatus.ResourceExhausted,
                $"The answer has {length} bytes; a TTRPC frame holds at most {FrameHeader.DataBytesMax}.").Encode(streamId);
        }

        var frame = new OutgoingFrame(FrameType.Response, streamId, (int)length);
        var writer = new WireWriter(frame.Data);
        if (Status != TtrpcStatus.Ok)
        {
            writer.MessageField(Status_, statusLength);
            writer.VarintField(Code, (ulong)(long)Status);
            writer.StringField(Text, Message);
        }

        writer.BytesField(Payload_, Payload.Span);
        return frame;
    }

    private static void DecodeStatus(ReadOnlySpan<byte> bytes, ref ulong code, ref string message)
    {
        var reader = new WireReader(bytes);
        while (reader.TryReadTag(out var field, out var type))
        {
            switch (field, type)
            {
                case (Code, WireType.Varint):
                    code = reader.ReadVarint();
                    break;
                case (Text, WireType.LengthDelimited):
                    message = WireReader.ReadString(bytes[reader.ReadBytes()]);
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }
    }

    private static string Cut(string message)
    {
        if (Encoding.UTF8.GetByteCount(message) <= MessageBytesMax)
        {
            return message;
        }

        // A character of UTF-16 is at most three bytes of UTF-8, so this cut always fits; it must not split a surrogate pair.
        var end = MessageBytesMax / 3;
        return message[..(char.IsHighSurrogate(message[end - 1]) ? end - 1 : end)];
    }

    private int StatusLength() => WireWriter.VarintFieldSize(Code, (ulong)(long)Status) + WireWriter.StringFieldSize(Text, Message);
}
