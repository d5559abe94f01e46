namespace Skiff.Ttrpc;

/// <summary>Low three bits of a protobuf tag. Groups (3 and 4) are not in proto3 and are refused.</summary>
internal enum WireType
{
    Varint = 0,
    Fixed64 = 1,
    LengthDelimited = 2,
    Fixed32 = 5,
}
