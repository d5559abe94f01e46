using System.IO.Pipelines;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Skiff.Http.Listening;

/// <summary>
/// TLS beneath HTTP. Done here and not by Kestrel's middleware, because the version of HTTP must be known before Kestrel is
/// handed the connection, and because each listener has its own certificate.
/// </summary>
internal sealed class TlsConnection : IDuplexPipe, ITlsConnectionFeature, ITlsHandshakeFeature, ITlsApplicationProtocolFeature, IAsyncDisposable
{
    private readonly SslStream _stream;

    private TlsConnection(SslStream stream)
    {
        _stream = stream;
        Input = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 16 * 1024, leaveOpen: true, useZeroByteReads: true));
        Output = PipeWriter.Create(stream, new StreamPipeWriterOptions(minimumBufferSize: 16 * 1024, leaveOpen: true));
    }

    public PipeReader Input { get; }

    public PipeWriter Output { get; }

    public X509Certificate2? ClientCertificate { get; set; }

    public SslProtocols Protocol => _stream.SslProtocol;

    // Obsolete in favour of NegotiatedCipherSuite, but the interface still declares them.
#pragma warning disable SYSLIB0058
    public CipherAlgorithmType CipherAlgorithm => _stream.CipherAlgorithm;

    public int CipherStrength => _stream.CipherStrength;

    public HashAlgorithmType HashAlgorithm => _stream.HashAlgorithm;

    public int HashStrength => _stream.HashStrength;

    public ExchangeAlgorithmType KeyExchangeAlgorithm => _stream.KeyExchangeAlgorithm;

    public int KeyExchangeStrength => _stream.KeyExchangeStrength;
#pragma warning restore SYSLIB0058

    public TlsCipherSuite? NegotiatedCipherSuite => _stream.NegotiatedCipherSuite;

    public ReadOnlyMemory<byte> ApplicationProtocol => _stream.NegotiatedApplicationProtocol.Protocol;

    public string HostName => _stream.TargetHostName;

    /// <returns>Whether ALPN chose HTTP/2.</returns>
    public static async ValueTask<bool?> HandshakeAsync(
        SiteConnection connection, TlsIdentity identity, TimeSpan patience, CancellationTokenSource deadline, TimeProvider time)
    {
        await using var timer = time.CreateTimer(static source => ((CancellationTokenSource)source!).Cancel(), deadline, patience, Timeout.InfiniteTimeSpan);
        var stream = new SslStream(new PipeStream(connection.Transport), leaveInnerStreamOpen: false);
        try
        {
            await stream.AuthenticateAsServerAsync(identity.Options, deadline.Token);
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }

        var tls = new TlsConnection(stream);
        connection.Transport = tls;
        connection.Layer = tls;
        connection.Features.Set<ITlsConnectionFeature>(tls);
        connection.Features.Set<ITlsHandshakeFeature>(tls);
        connection.Features.Set<ITlsApplicationProtocolFeature>(tls);
        return stream.NegotiatedApplicationProtocol == SslApplicationProtocol.Http2;
    }

    public Task<X509Certificate2?> GetClientCertificateAsync(CancellationToken cancellationToken) => Task.FromResult(ClientCertificate);

    public async ValueTask DisposeAsync()
    {
        await Input.CompleteAsync();
        await Output.CompleteAsync();
        // Sends close_notify: a client can tell a finished response from a cut one.
        await _stream.DisposeAsync();
    }
}
