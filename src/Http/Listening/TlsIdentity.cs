using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Skiff.Http.Listening;

/// <summary>The certificate chain and key by which a listener speaks TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1 by ALPN.</summary>
public sealed class TlsIdentity
{
    private TlsIdentity(SslServerAuthenticationOptions options) => Options = options;

    internal SslServerAuthenticationOptions Options { get; }

    /// <summary>Reads PEM files; the chain's further certificates follow the first in the same file.</summary>
    /// <exception cref="CryptographicException">Not PEM, or the key is not the certificate's; the message names the files.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static TlsIdentity Load(string certificateFile, string keyFile)
    {
        try
        {
            var certificate = X509Certificate2.CreateFromPemFile(certificateFile, keyFile);
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(certificateFile);
            var further = new X509Certificate2Collection(chain.Where(one => one.Thumbprint != certificate.Thumbprint).ToArray());
            return new TlsIdentity(new SslServerAuthenticationOptions
            {
                ServerCertificateContext = SslStreamCertificateContext.Create(certificate, further, offline: true),
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                ApplicationProtocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11],
                ClientCertificateRequired = false,
            });
        }
        catch (Exception fault) when (fault is CryptographicException or ArgumentException)
        {
            throw new CryptographicException($"TLS certificate {certificateFile} with key {keyFile}: {fault.Message}", fault);
        }
    }
}
