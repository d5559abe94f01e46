using System.Buffers.Binary;
using System.Net;

namespace Skiff.Linux.Sockets;

/// <summary>An IP address with a port, as struct sockaddr_in and sockaddr_in6 have it.</summary>
/// <param name="FlowInfo">IPv6 only.</param>
public readonly record struct InternetEndpoint(IPAddress Address, ushort Port, uint FlowInfo = 0)
{
    internal const int SizeMax = 28;

    private const int FamilyInternet = 2;
    private const int FamilyInternet6 = 10;
    private const int Size4 = 16;
    private const int AddressOffset4 = 4;
    private const int AddressOffset6 = 8;
    private const int ScopeOffset = 24;
    private const int AddressBytes4 = 4;
    private const int AddressBytes6 = 16;

    public bool IsV6 => Address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6;

    internal static int Family(bool v6) => v6 ? FamilyInternet6 : FamilyInternet;

    /// <summary>Null for another family.</summary>
    internal static InternetEndpoint? Read(ReadOnlySpan<byte> raw)
    {
        var port = BinaryPrimitives.ReadUInt16BigEndian(raw[2..]);
        return BinaryPrimitives.ReadUInt16LittleEndian(raw) switch
        {
            FamilyInternet => new InternetEndpoint(new IPAddress(raw.Slice(AddressOffset4, AddressBytes4)), port),
            FamilyInternet6 => new InternetEndpoint(
                new IPAddress(raw.Slice(AddressOffset6, AddressBytes6), BinaryPrimitives.ReadUInt32LittleEndian(raw[ScopeOffset..])),
                port,
                BinaryPrimitives.ReadUInt32BigEndian(raw[AddressOffset4..])),
            _ => null,
        };
    }

    /// <summary>Writes at most <see cref="SizeMax"/> bytes; how many.</summary>
    internal int Write(Span<byte> raw)
    {
        raw.Clear();
        BinaryPrimitives.WriteUInt16LittleEndian(raw, (ushort)Family(IsV6));
        BinaryPrimitives.WriteUInt16BigEndian(raw[2..], Port);
        if (!IsV6)
        {
            Address.TryWriteBytes(raw[AddressOffset4..], out _);
            return Size4;
        }

        BinaryPrimitives.WriteUInt32BigEndian(raw[AddressOffset4..], FlowInfo);
        Address.TryWriteBytes(raw[AddressOffset6..], out _);
        BinaryPrimitives.WriteUInt32LittleEndian(raw[ScopeOffset..], (uint)Address.ScopeId);
        return SizeMax;
    }
}
