namespace Skiff.Ttrpc;

/// <summary>The bytes of a frame's data are not the protobuf message they should be. The framing itself is intact.</summary>
internal sealed class WireFormatException(string message) : Exception(message);
