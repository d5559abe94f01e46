using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Skiff.Http.Bindings.Http;

namespace Skiff.Http.Messages;

/// <summary>A failure that has its error-code already: thrown where only an exception gets through (connecting, sending a body).</summary>
internal sealed class HttpFault(ErrorCode code, string message, Exception? inner = null) : IOException(message, inner)
{
    public ErrorCode Code => code;

    /// <summary>What an exception of the network means in wasi:http's terms (those of RFC 9209, 2.3).</summary>
    public static ErrorCode CodeOf(Exception fault)
    {
        for (Exception? cause = fault; cause is not null; cause = cause.InnerException)
        {
            if (cause is HttpFault known)
            {
                return known.Code;
            }
        }

        return fault switch
        {
            HttpRequestException request => OfRequest(request),
            HttpIOException io => OfKind(io.HttpRequestError, io),
            SocketException socket => OfSocket(socket),
            BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => ErrorCode.HttpRequestBodySize(null),
            BadHttpRequestException { StatusCode: StatusCodes.Status408RequestTimeout } => ErrorCode.ConnectionReadTimeout,
            BadHttpRequestException => ErrorCode.HttpProtocolError,
            ConnectionResetException or ConnectionAbortedException => ErrorCode.ConnectionTerminated,
            IOException { InnerException: SocketException socket } => OfSocket(socket),
            TimeoutException => ErrorCode.ConnectionReadTimeout,
            OperationCanceledException => ErrorCode.ConnectionTerminated,
            IOException => ErrorCode.ConnectionTerminated,
            _ => ErrorCode.InternalError(fault.Message),
        };
    }

    private static ErrorCode OfRequest(HttpRequestException fault)
    {
        for (var cause = fault.InnerException; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case SocketException socket:
                    return OfSocket(socket);
                case AuthenticationException:
                    return OfTls(cause);
                case HttpIOException io:
                    return OfKind(io.HttpRequestError, io);
            }
        }

        return OfKind(fault.HttpRequestError, fault);
    }

    private static ErrorCode OfKind(HttpRequestError kind, Exception fault) => kind switch
    {
        HttpRequestError.NameResolutionError => ErrorCode.DnsError(new DnsErrorPayload(null, null)),
        HttpRequestError.ConnectionError => ErrorCode.ConnectionRefused,
        HttpRequestError.SecureConnectionError => OfTls(fault),
        HttpRequestError.HttpProtocolError or HttpRequestError.InvalidResponse or HttpRequestError.VersionNegotiationError => ErrorCode.HttpProtocolError,
        HttpRequestError.ResponseEnded => ErrorCode.HttpResponseIncomplete,
        HttpRequestError.ConfigurationLimitExceeded => ErrorCode.HttpResponseHeaderSectionSize(null),
        _ => fault.InnerException is { } inner and not HttpRequestException ? CodeOf(inner) : ErrorCode.InternalError(fault.Message),
    };

    private static ErrorCode OfSocket(SocketException fault) => fault.SocketErrorCode switch
    {
        SocketError.HostNotFound or SocketError.NoData => ErrorCode.DnsError(new DnsErrorPayload("NXDOMAIN", null)),
        SocketError.TryAgain => ErrorCode.DnsTimeout,
        SocketError.NoRecovery => ErrorCode.DnsError(new DnsErrorPayload("SERVFAIL", null)),
        SocketError.ConnectionRefused => ErrorCode.ConnectionRefused,
        SocketError.TimedOut => ErrorCode.ConnectionTimeout,
        SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.NetworkDown or SocketError.HostDown
            or SocketError.AddressNotAvailable => ErrorCode.DestinationIpUnroutable,
        SocketError.AccessDenied => ErrorCode.DestinationIpProhibited,
        SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown or SocketError.OperationAborted => ErrorCode.ConnectionTerminated,
        SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable => ErrorCode.ConnectionLimitReached,
        _ => ErrorCode.InternalError(fault.Message),
    };

    // SslStream tells a bad certificate by its text alone; its own words are stable since .NET Core 2.
    private static ErrorCode OfTls(Exception fault) =>
        fault.Message.Contains("certificate", StringComparison.OrdinalIgnoreCase) ? ErrorCode.TlsCertificateError : ErrorCode.TlsProtocolError;
}
