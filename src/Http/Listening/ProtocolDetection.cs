using System.Buffers;

namespace Skiff.Http.Listening;

/// <summary>
/// HTTP/2 with prior knowledge begins with the preface <c>PRI * HTTP/2.0</c> (RFC 9113, 3.4), whose three first bytes begin
/// no method of HTTP/1.1.
/// </summary>
internal static class ProtocolDetection
{
    private static ReadOnlySpan<byte> Preface => "PRI"u8;

    /// <summary>Looks at the first bytes and leaves them where they are. Null: the client closed, or was silent for too long.</summary>
    public static async ValueTask<bool?> IsHttp2Async(
        SiteConnection connection, TimeSpan silence, CancellationTokenSource deadline, TimeProvider time)
    {
        var input = connection.Transport.Input;
        await using var timer = time.CreateTimer(static source => ((CancellationTokenSource)source!).Cancel(), deadline, silence, Timeout.InfiniteTimeSpan);
        for (; ; )
        {
            var read = await input.ReadAsync(deadline.Token);
            var verdict = Judge(read.Buffer);
            input.AdvanceTo(read.Buffer.Start, verdict is null ? read.Buffer.End : read.Buffer.Start);
            if (verdict is not null || read.IsCompleted || read.IsCanceled)
            {
                return verdict;
            }
        }
    }

    private static bool? Judge(ReadOnlySequence<byte> seen)
    {
        Span<byte> first = stackalloc byte[3];
        var length = (int)Math.Min(seen.Length, first.Length);
        seen.Slice(0, length).CopyTo(first);
        return !Preface.StartsWith(first[..length]) ? false : length == first.Length ? true : null;
    }
}
