namespace Skiff.Wasi.Streams;

/// <summary>
/// What a stream did without waiting: moved <see cref="Count"/> bytes (0: nothing can move now), or has ended, or failed.
/// </summary>
public readonly record struct StreamResult
{
    private StreamResult(ulong count, bool isClosed, IoError? error) => (Count, IsClosed, Error) = (count, isClosed, error);

    /// <summary>Nothing can move now; wait until the stream is ready.</summary>
    public static StreamResult WouldBlock => default;

    /// <summary>The end: nothing will ever move again.</summary>
    public static StreamResult Closed { get; } = new(0, isClosed: true, null);

    public ulong Count { get; }

    public bool IsClosed { get; }

    /// <summary>The failure of the last operation; the stream is closed from then on.</summary>
    public IoError? Error { get; }

    /// <summary>Neither ended nor failed.</summary>
    public bool IsOpen => !IsClosed && Error is null;

    public static StreamResult Moved(ulong count) => new(count, isClosed: false, null);

    public static StreamResult Failed(IoError error) => new(0, isClosed: false, error);
}
