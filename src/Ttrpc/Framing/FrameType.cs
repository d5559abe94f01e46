namespace Skiff.Ttrpc;

/// <summary>Byte 8 of the header. Types that are not listed are skipped, so that later protocol versions stay possible.</summary>
internal enum FrameType : byte
{
    Request = 1,
    Response = 2,
    Data = 3,
}
