namespace Skiff.Images;

/// <summary>An image cannot be read, used or written. The message names the image's part and what the user can change.</summary>
public sealed class ImageException(string message, Exception? inner = null) : Exception(message, inner);
