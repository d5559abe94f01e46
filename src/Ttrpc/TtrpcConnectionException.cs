namespace Skiff.Ttrpc;

/// <summary>
/// The whole connection ended, and with it every call on it. The first cause is kept: the failures that follow from it
/// (a write into a closed socket, say) do not replace it.
/// </summary>
public sealed class TtrpcConnectionException(string message, Exception? cause = null) : Exception(message, cause);
