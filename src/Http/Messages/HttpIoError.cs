using Skiff.Http.Bindings.Http;
using Skiff.Wasi.Streams;

namespace Skiff.Http.Messages;

/// <summary>Why a body's stream failed: <c>http-error-code</c> finds the code in it.</summary>
internal sealed class HttpIoError(ErrorCode code, string text) : IoError(text)
{
    public ErrorCode Code => code;
}
