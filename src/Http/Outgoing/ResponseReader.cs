using System.IO.Pipelines;
using Skiff.Http.Messages;

namespace Skiff.Http.Outgoing;

/// <summary>The body of a response that a guest asked for. Disposing it before its end closes the connection beneath.</summary>
internal sealed class ResponseReader(HttpResponseMessage response, Stream stream, TimeSpan betweenBytes, TimeProvider time)
    : BodyReader(PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: ReadBytes, leaveOpen: true)), betweenBytes, time)
{
    private const int ReadBytes = 32 * 1024;

    public override Fields? Trailers()
    {
        var trailers = Fields.Received(response, trailers: true);
        return trailers.Lines.Count == 0 ? null : trailers;
    }

    protected override void Close() => response.Dispose();
}
