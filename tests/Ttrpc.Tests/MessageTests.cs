namespace Skiff.Ttrpc.Tests;

public sealed class MessageTests
{
    [Fact]
    public void A_request_has_the_bytes_of_the_spec_and_back()
    {
        var request = new RequestMessage("s", "mm", new byte[] { 1, 2, 3 }, 300, [new("k", "v"), new("", "")]);
        var frame = request.Encode(streamId: 0x01020305);

        Assert.Equal(
            [
                0, 0, 0, 25, 1, 2, 3, 5, 1, 0,
                0x0a, 1, (byte)'s', 0x12, 2, (byte)'m', (byte)'m', 0x1a, 3, 1, 2, 3, 0x20, 0xac, 0x02,
                0x2a, 6, 0x0a, 1, (byte)'k', 0x12, 1, (byte)'v', 0x2a, 0,
            ],
            frame.Bytes.ToArray());

        var back = RequestMessage.Decode(frame.Bytes[10..]);
        Assert.Equal(("s", "mm", 300L), (back.Service, back.Method, back.TimeoutNano));
        Assert.Equal([1, 2, 3], back.Payload.ToArray());
        Assert.Equal(request.Metadata, back.Metadata);
    }

    [Fact]
    public void A_negative_timeout_takes_ten_bytes()
    {
        var frame = new RequestMessage("", "", default, -1, []).Encode(1);
        Assert.Equal([0x20, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1], frame.Bytes[10..].ToArray());
        Assert.Equal(-1, RequestMessage.Decode(frame.Bytes[10..]).TimeoutNano);
    }

    [Fact]
    public void Unknown_fields_of_every_wire_type_are_skipped_and_the_last_value_wins()
    {
        byte[] bytes =
        [
            0x30, 5, 0x39, 1, 2, 3, 4, 5, 6, 7, 8, 0x42, 2, 9, 9, 0x4d, 1, 2, 3, 4,
            0x0a, 1, (byte)'a', 0x0a, 1, (byte)'b', 0x08, 7,
        ];
        Assert.Equal("b", RequestMessage.Decode(bytes).Service);
    }

    [Theory]
    [InlineData(new byte[] { 0x0a }, "ends inside a varint")]
    [InlineData(new byte[] { 0x0a, 5, 1 }, "does not fit")]
    [InlineData(new byte[] { 0x0a, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1 }, "does not fit")]
    [InlineData(new byte[] { 0x20, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2 }, "longer than 64 bits")]
    [InlineData(new byte[] { 0x20, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 0 }, "longer than 64 bits")]
    [InlineData(new byte[] { 0x00 }, "tag")]
    [InlineData(new byte[] { 0x80, 0x80, 0x80, 0x80, 0x10, 1 }, "tag")]
    [InlineData(new byte[] { 0x33 }, "not in proto3")]
    [InlineData(new byte[] { 0x31, 1, 2 }, "fixed-size")]
    [InlineData(new byte[] { 0x0a, 1, 0xff }, "UTF-8")]
    [InlineData(new byte[] { 0x2a, 2, 0x0a, 5 }, "does not fit")]
    public void What_is_not_a_request_is_refused(byte[] bytes, string reason) =>
        Assert.Contains(reason, Assert.Throws<WireFormatException>(() => RequestMessage.Decode(bytes)).Message);

    [Fact]
    public void Metadata_is_bounded()
    {
        var full = new byte[2 * RequestMessage.MetadataEntriesMax];
        for (var i = 0; i < full.Length; i += 2)
        {
            full[i] = 0x2a;
        }

        Assert.Equal(RequestMessage.MetadataEntriesMax, RequestMessage.Decode(full).Metadata.Count);
        Assert.Throws<WireFormatException>(() => RequestMessage.Decode((byte[])[.. full, 0x2a, 0]));
    }

    [Fact]
    public void A_response_with_details_is_read_by_code_and_message()
    {
        byte[] bytes = [0x0a, 9, 0x08, 5, 0x12, 1, (byte)'x', 0x1a, 2, 0x0a, 0, 0x12, 1, 42];
        var response = ResponseMessage.Decode(bytes);
        Assert.Equal((TtrpcStatus.NotFound, "x"), (response.Status, response.Message));
        Assert.Equal([42], response.Payload.ToArray());
    }

    [Fact]
    public void An_empty_response_is_an_empty_success()
    {
        var frame = ResponseMessage.Success(default).Encode(7);
        Assert.Equal([0, 0, 0, 0, 0, 0, 0, 7, 2, 0], frame.Bytes.ToArray());
        Assert.Equal(TtrpcStatus.Ok, ResponseMessage.Decode(default).Status);
    }

    [Fact]
    public void A_long_status_text_is_cut_at_a_character()
    {
        foreach (var text in (string[])[new('x', 100_000), "x" + string.Concat(Enumerable.Repeat("🛶", 50_000))])
        {
            var frame = ResponseMessage.Failure(TtrpcStatus.Unknown, text).Encode(1);
            var response = ResponseMessage.Decode(frame.Bytes[10..]);
            Assert.InRange(frame.Bytes.Length, 4000, ResponseMessage.MessageBytesMax + 30);
            Assert.StartsWith(response.Message, text);
        }
    }

    [Fact]
    public void Ok_is_not_a_failure() => Assert.Throws<ArgumentException>(() => new TtrpcException(TtrpcStatus.Ok, ""));
}
