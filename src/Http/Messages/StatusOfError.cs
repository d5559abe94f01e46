using Microsoft.AspNetCore.Http;
using Skiff.Http.Bindings.Http;

namespace Skiff.Http.Messages;

/// <summary>The status that a client gets when a guest answers with an error-code: what RFC 9209, 2.3 recommends for each.</summary>
internal static class StatusOfError
{
    public static int Of(ErrorCode code) => code.Case switch
    {
        ErrorCode.Kind.DnsTimeout or ErrorCode.Kind.ConnectionTimeout or ErrorCode.Kind.ConnectionReadTimeout
            or ErrorCode.Kind.ConnectionWriteTimeout or ErrorCode.Kind.HttpResponseTimeout => StatusCodes.Status504GatewayTimeout,
        ErrorCode.Kind.DestinationUnavailable or ErrorCode.Kind.ConnectionLimitReached => StatusCodes.Status503ServiceUnavailable,
        ErrorCode.Kind.HttpRequestDenied => StatusCodes.Status403Forbidden,
        ErrorCode.Kind.HttpRequestLengthRequired => StatusCodes.Status411LengthRequired,
        ErrorCode.Kind.HttpRequestBodySize => StatusCodes.Status413PayloadTooLarge,
        ErrorCode.Kind.HttpRequestMethodInvalid => StatusCodes.Status405MethodNotAllowed,
        ErrorCode.Kind.HttpRequestUriInvalid => StatusCodes.Status400BadRequest,
        ErrorCode.Kind.HttpRequestUriTooLong => StatusCodes.Status414UriTooLong,
        ErrorCode.Kind.HttpRequestHeaderSectionSize or ErrorCode.Kind.HttpRequestHeaderSize or ErrorCode.Kind.HttpRequestTrailerSectionSize
            or ErrorCode.Kind.HttpRequestTrailerSize => StatusCodes.Status431RequestHeaderFieldsTooLarge,
        ErrorCode.Kind.DestinationNotFound or ErrorCode.Kind.ConfigurationError or ErrorCode.Kind.InternalError => StatusCodes.Status500InternalServerError,
        _ => StatusCodes.Status502BadGateway,
    };
}
