using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace Skiff.Wasi.Names;

/// <summary>Messages to and from name servers (RFC 1035, 4; AAAA: RFC 3596).</summary>
internal static class DnsMessage
{
    public const ushort TypeA = 1;
    public const ushort TypeAaaa = 28;

    /// <summary>Addresses of one answer that are looked at.</summary>
    public const int AddressesMax = 64;

    /// <summary>Header, the longest name, type and class.</summary>
    public const int QueryBytesMax = HeaderBytes + NameBytesMax + QuestionTail;

    private const int HeaderBytes = 12;
    private const int QuestionTail = 4;
    private const int RecordTail = 10;
    private const int NameBytesMax = 255;
    private const int LabelBytesMax = 63;
    private const ushort TypeCname = 5;
    private const ushort ClassInternet = 1;

    // The bits of the second word: QR, Opcode, TC, RD, RCODE.
    private const ushort Response = 0x8000;
    private const ushort Opcode = 0x7800;
    private const ushort Truncated = 0x0200;
    private const ushort RecursionDesired = 0x0100;
    private const ushort Rcode = 0x000F;
    private const int NameError = 3;

    private const int RecordsMax = 1024;
    private const int AliasesMax = 16;

    /// <summary>Whether it can be asked for: labels of 1 to 63 bytes of ASCII, 255 in all with their lengths. The empty name is the root's.</summary>
    public static bool IsName(string name) =>
        name.Length <= NameBytesMax - 2
        && Ascii.IsValid(name)
        && (name.Length == 0 || name.Split('.').All(label => label.Length is > 0 and <= LabelBytesMax));

    /// <summary>Writes a question to a server that does all the work (RD).</summary>
    /// <param name="message">At least <see cref="QueryBytesMax"/>.</param>
    /// <param name="name">One for which <see cref="IsName"/> holds.</param>
    /// <returns>How many bytes it has.</returns>
    public static int WriteQuery(Span<byte> message, ushort id, string name, ushort type)
    {
        message[..HeaderBytes].Clear();
        BinaryPrimitives.WriteUInt16BigEndian(message, id);
        BinaryPrimitives.WriteUInt16BigEndian(message[2..], RecursionDesired);
        BinaryPrimitives.WriteUInt16BigEndian(message[4..], 1);
        var at = HeaderBytes;
        foreach (var label in name.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            message[at++] = (byte)label.Length;
            at += Encoding.ASCII.GetBytes(label, message[at..]);
        }

        message[at++] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(message[at..], type);
        BinaryPrimitives.WriteUInt16BigEndian(message[(at + 2)..], ClassInternet);
        return at + QuestionTail;
    }

    /// <summary>What a message says to a question of ours.</summary>
    /// <param name="query">As <see cref="WriteQuery"/> made it.</param>
    public static DnsAnswer Read(ReadOnlySpan<byte> message, ReadOnlySpan<byte> query)
    {
        if (!IsAnswer(message, query))
        {
            return DnsAnswer.Unrelated;
        }

        var flags = BinaryPrimitives.ReadUInt16BigEndian(message[2..]);
        if ((flags & Truncated) != 0)
        {
            return DnsAnswer.Truncated;
        }

        return (flags & Rcode) switch
        {
            0 => ReadRecords(message, query),
            NameError => DnsAnswer.NoSuchName,
            _ => DnsAnswer.Failed,
        };
    }

    private static bool IsAnswer(ReadOnlySpan<byte> message, ReadOnlySpan<byte> query)
    {
        // The question comes back as it was (lengths and the low types are no letters, so that all of it can be compared as text).
        if (message.Length < query.Length
            || !message[..2].SequenceEqual(query[..2])
            || !message[4..6].SequenceEqual(query[4..6])
            || !Ascii.EqualsIgnoreCase(message[HeaderBytes..query.Length], query[HeaderBytes..]))
        {
            return false;
        }

        var flags = BinaryPrimitives.ReadUInt16BigEndian(message[2..]);
        return (flags & Response) != 0 && (flags & Opcode) == 0;
    }

    private static DnsAnswer ReadRecords(ReadOnlySpan<byte> message, ReadOnlySpan<byte> query)
    {
        var type = BinaryPrimitives.ReadUInt16BigEndian(query[^QuestionTail..]);
        var count = BinaryPrimitives.ReadUInt16BigEndian(message[6..]);
        var at = HeaderBytes;
        if (count > RecordsMax || TryReadName(message, ref at) is not { } asked)
        {
            return DnsAnswer.Failed;
        }

        var aliases = new Dictionary<string, string>();
        var addresses = new List<(string Owner, IPAddress Address)>();
        at = query.Length;
        for (var index = 0; index < count; index++)
        {
            if (TryReadName(message, ref at) is not { } owner || message.Length - at < RecordTail)
            {
                return DnsAnswer.Failed;
            }

            var kind = BinaryPrimitives.ReadUInt16BigEndian(message[at..]);
            var isInternet = BinaryPrimitives.ReadUInt16BigEndian(message[(at + 2)..]) == ClassInternet;
            var data = at + RecordTail;
            var length = BinaryPrimitives.ReadUInt16BigEndian(message[(data - 2)..]);
            at = data + length;
            if (at > message.Length)
            {
                return DnsAnswer.Failed;
            }

            if (isInternet && kind == TypeCname)
            {
                if (TryReadName(message, ref data) is not { } target || data != at)
                {
                    return DnsAnswer.Failed;
                }

                aliases.TryAdd(owner, target);
            }
            else if (isInternet && kind == type)
            {
                if (length != (type == TypeA ? 4 : 16))
                {
                    return DnsAnswer.Failed;
                }

                addresses.Add((owner, new IPAddress(message[data..at])));
            }
        }

        return Follow(asked, aliases, addresses);
    }

    // The records of a chain come in any order (RFC 1034, 3.6.2), and only what hangs on the name that was asked for counts.
    private static DnsAnswer Follow(string name, Dictionary<string, string> aliases, List<(string Owner, IPAddress Address)> addresses)
    {
        for (var step = 0; step <= AliasesMax; step++)
        {
            var found = addresses.Where(pair => pair.Owner == name && !pair.Address.IsIPv4MappedToIPv6).Select(pair => pair.Address);
            if (found.Take(AddressesMax).ToArray() is { Length: > 0 } some)
            {
                return DnsAnswer.Of(some);
            }

            if (!aliases.TryGetValue(name, out var next))
            {
                return DnsAnswer.NoData;
            }

            name = next;
        }

        return DnsAnswer.Failed;
    }

    /// <summary>A name in small letters, with a dot behind each label; <paramref name="at"/> goes behind it. Null when it is damaged.</summary>
    private static string? TryReadName(ReadOnlySpan<byte> message, ref int at)
    {
        Span<char> text = stackalloc char[NameBytesMax];
        var length = 0;
        var (position, limit, end) = (at, at, -1);
        while (position < message.Length)
        {
            int size = message[position];
            if (size == 0)
            {
                at = end < 0 ? position + 1 : end;
                return new string(text[..length]);
            }

            if ((size & 0xC0) == 0xC0)
            {
                // RFC 1035, 4.1.4: to a prior occurrence. Ever further back, so it comes to an end.
                var target = position + 1 < message.Length ? ((size & 0x3F) << 8) | message[position + 1] : limit;
                if (target >= limit)
                {
                    return null;
                }

                end = end < 0 ? position + 2 : end;
                (position, limit) = (target, target);
                continue;
            }

            if (size > LabelBytesMax || position + 1 + size > message.Length || length + size + 1 > text.Length - 1)
            {
                return null;
            }

            foreach (var letter in message.Slice(position + 1, size))
            {
                text[length++] = (char)(letter is >= (byte)'A' and <= (byte)'Z' ? letter | 0x20 : letter);
            }

            text[length++] = '.';
            position += 1 + size;
        }

        return null;
    }
}
