using System.Net;

namespace Skiff.Http.Outgoing;

/// <summary>A guest's body as HttpClient sends it: piece by piece, as the guest writes it, while the answer may already be coming.</summary>
internal sealed class GuestContent(RequestBody body) : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var reader = body.Reader;
        try
        {
            // The head goes at once: the other side may answer before the guest has anything to say.
            await stream.FlushAsync(cancellationToken);
            for (; ; )
            {
                var read = await reader.ReadAsync(cancellationToken);
                foreach (var segment in read.Buffer)
                {
                    await stream.WriteAsync(segment, cancellationToken);
                }

                reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                {
                    return;
                }

                await stream.FlushAsync(cancellationToken);
            }
        }
        finally
        {
            await reader.CompleteAsync();
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = (long)(body.Promised ?? 0);
        return body.Promised is not null;
    }
}
