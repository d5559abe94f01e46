namespace Skiff.Ttrpc;

/// <summary>
/// Answers one call. Runs on the thread pool, beside the other calls of its connection.
/// A <see cref="TtrpcException"/> becomes its status; any other exception is answered as <see cref="TtrpcStatus.Unknown"/>.
/// </summary>
/// <param name="payload">The request message's bytes; valid for as long as anybody keeps it (it is not pooled).</param>
/// <returns>The answer message's bytes, at most 4 MiB with the envelope; they must not change until they are sent.</returns>
public delegate ValueTask<ReadOnlyMemory<byte>> TtrpcHandler(ReadOnlyMemory<byte> payload, TtrpcCall call);
