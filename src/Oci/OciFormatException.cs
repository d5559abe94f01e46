namespace Skiff.Oci;

/// <summary>A document does not follow its specification. The message names the document, the place in it and what was expected.</summary>
public sealed class OciFormatException(string message, Exception? inner = null) : Exception(message, inner);
