namespace Skiff.Ttrpc;

/// <summary>Byte 9 of the header. Only streaming calls use them; a unary request carries 0.</summary>
[Flags]
internal enum FrameFlags : byte
{
    None = 0,
    RemoteClosed = 1,
    RemoteOpen = 2,
    NoData = 4,
}
