using Skiff.Wasi.Names;

namespace Skiff.Wasi.Tests.Names;

/// <summary>Questions and answers, byte by byte.</summary>
public sealed class DnsMessageTests
{
    [Fact]
    public void A_question_is_written_as_the_RFC_has_it() => Assert.Equal(
        (byte[])[0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, (byte)'w', (byte)'e', (byte)'b', 2, (byte)'d', (byte)'e', 0, 0, 28, 0, 1],
        Query("web.de", DnsMessage.TypeAaaa));

    [Fact]
    public void The_longest_name_fits()
    {
        var name = string.Join('.', new string('a', 63), new string('b', 63), new string('c', 63), new string('d', 61));
        Assert.True(DnsMessage.IsName(name));
        Assert.Equal(DnsMessage.QueryBytesMax, Query(name, DnsMessage.TypeA).Length);
        Assert.False(DnsMessage.IsName(name + "d"));
        Assert.False(DnsMessage.IsName(new string('a', 64)));
        Assert.False(DnsMessage.IsName("a..b"));
        Assert.False(DnsMessage.IsName("é.de"));
    }

    [Fact]
    public void Compressed_names_and_other_records_are_read()
    {
        var query = Query("Web.de", DnsMessage.TypeA);
        // web.de CNAME x.de, a TXT record of web.de, x.de A 1.2.3.4, y.de A 9.9.9.9.
        byte[] records =
        [
            0xC0, 12, 0, 5, 0, 1, 0, 0, 0, 1, 0, 4, 1, (byte)'X', 0xC0, 16,
            0xC0, 12, 0, 16, 0, 1, 0, 0, 0, 1, 0, 2, 1, (byte)'t',
            1, (byte)'x', 0xC0, 16, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 1, 2, 3, 4,
            1, (byte)'y', 0xC0, 16, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 9, 9, 9, 9,
        ];
        var answer = DnsMessage.Read(Answer(query, 4, records), query);
        Assert.Equal((DnsAnswer.Kind.Addresses, "1.2.3.4"), (answer.Case, string.Join(' ', answer.Addresses)));
    }

    [Theory]
    [InlineData("C00C0001000100000000000401020304", "Addresses")]
    [InlineData("", "NoData")]
    [InlineData("C00C0001000300000000000401020304", "NoData")]
    [InlineData("0178C0100001000100000000000401020304", "NoData")]
    [InlineData("C00C00010001000000000003010203", "Failed")]
    [InlineData("C00C000100010000000000FF01020304", "Failed")]
    [InlineData("C00C00010001", "Failed")]
    [InlineData("C0180001000100000000000401020304", "Failed")]
    [InlineData("FFFF0001000100000000000401020304", "Failed")]
    [InlineData("C00C00050001000000000002C00C", "Failed")]
    [InlineData("C00C0005000100000000000AC00C", "Failed")]
    [InlineData("40C00C", "Failed")]
    public void One_record_is_judged(string record, string outcome)
    {
        var query = Query("web.de", DnsMessage.TypeA);
        var bytes = Convert.FromHexString(record);
        Assert.Equal(outcome, DnsMessage.Read(Answer(query, bytes.Length == 0 ? 0 : 1, bytes), query).Case.ToString());
    }

    [Theory]
    [InlineData(0, 0x81, "Unrelated")]
    [InlineData(2, 0x01, "Unrelated")]
    [InlineData(2, 0x89, "Unrelated")]
    [InlineData(5, 2, "Unrelated")]
    [InlineData(14, (int)'x', "Unrelated")]
    [InlineData(21, 28, "Unrelated")]
    [InlineData(2, 0x83, "Truncated")]
    [InlineData(3, 0x83, "NoSuchName")]
    [InlineData(3, 0x82, "Failed")]
    [InlineData(3, 0x85, "Failed")]
    [InlineData(14, (int)'E', "NoData")]
    public void One_changed_byte_is_noticed(int at, int value, string outcome)
    {
        var query = Query("web.de", DnsMessage.TypeA);
        var message = Answer(query, 0, []);
        message[at] = (byte)value;
        Assert.Equal(outcome, DnsMessage.Read(message, query).Case.ToString());
    }

    [Fact]
    public void A_chain_that_goes_round_fails()
    {
        var query = Query("web.de", DnsMessage.TypeA);
        byte[] round = [0xC0, 12, 0, 5, 0, 1, 0, 0, 0, 1, 0, 2, 0xC0, 12];
        Assert.Equal(DnsAnswer.Kind.Failed, DnsMessage.Read(Answer(query, 1, round), query).Case);
    }

    [Fact]
    public void Any_answer_at_all_is_read()
    {
        var seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new System.Random(seed);
        var query = Query("web.example.de", DnsMessage.TypeA);
        byte[] records =
        [
            0xC0, 12, 0, 5, 0, 1, 0, 0, 0, 1, 0, 4, 1, (byte)'x', 0xC0, 16,
            1, (byte)'x', 0xC0, 16, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 1, 2, 3, 4,
        ];
        var whole = Answer(query, 2, records);
        var kinds = new HashSet<DnsAnswer.Kind>();
        for (var round = 0; round < 50_000; round++)
        {
            var message = whole.AsSpan(0, random.Next(4) == 0 ? random.Next(whole.Length + 1) : whole.Length).ToArray();
            for (var flips = random.Next(4); flips > 0 && message.Length > query.Length; flips--)
            {
                // Behind the question, so that it is looked at; the count of answers, too.
                message[random.Next(8) == 0 ? 7 : random.Next(query.Length, message.Length)] = (byte)random.Next(256);
            }

            kinds.Add(DnsMessage.Read(message, query).Case);
        }

        Assert.Superset(new HashSet<DnsAnswer.Kind> { DnsAnswer.Kind.Addresses, DnsAnswer.Kind.NoData, DnsAnswer.Kind.Failed, DnsAnswer.Kind.Unrelated }, kinds);
    }

    private static byte[] Query(string name, ushort type)
    {
        var buffer = new byte[DnsMessage.QueryBytesMax];
        return buffer[..DnsMessage.WriteQuery(buffer, 0x1234, name, type)];
    }

    private static byte[] Answer(byte[] query, int records, byte[] bytes)
    {
        byte[] message = [.. query, .. bytes];
        (message[2], message[3], message[7]) = (0x81, 0x80, (byte)records);
        return message;
    }
}
