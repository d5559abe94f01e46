using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Skiff.Functional.Pods;

/// <summary>Answers every request by TLS with one text, under a certificate that only its own authority vouches for.</summary>
internal sealed class TlsServer : IDisposable
{
    /// <summary>The node, as pods see it: the gateway of their network.</summary>
    public const string Address = "10.222.0.1";

    private readonly TcpListener _listener = new(IPAddress.Any, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly X509Certificate2 _certificate;
    private readonly Task _work;

    public TlsServer(string text)
    {
        var now = TimeProvider.System.GetUtcNow();
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test authority", authorityKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var authority = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(2));
        Authority = authority.ExportCertificatePem();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Parse(Address));
        var leaf = new CertificateRequest("CN=test server", key, HashAlgorithmName.SHA256);
        leaf.CertificateExtensions.Add(names.Build());
        using var signed = leaf.Create(authority, now.AddDays(-1), now.AddDays(1), [1, 2, 3]);
        _certificate = signed.CopyWithPrivateKey(key);
        _listener.Start();
        _work = ServeAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {text.Length}\r\nConnection: close\r\n\r\n{text}"));
    }

    /// <summary>PEM.</summary>
    public string Authority { get; }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public void Dispose()
    {
        _end.Cancel();
        _work.GetAwaiter().GetResult();
        _listener.Dispose();
        _certificate.Dispose();
        _end.Dispose();
    }

    // Beside each other: a client may make a connection ahead of need, which says nothing until it is closed.
    private async Task ServeAsync(byte[] answer)
    {
        var clients = new List<Task>();
        while (!_end.IsCancellationRequested)
        {
            try
            {
                clients.Add(AnswerAsync(await _listener.AcceptTcpClientAsync(_end.Token), answer));
            }
            catch (OperationCanceledException)
            {
                // The test is over.
            }
        }

        await Task.WhenAll(clients);
    }

    private async Task AnswerAsync(TcpClient accepted, byte[] answer)
    {
        try
        {
            using var client = accepted;
            await using var tls = new SslStream(client.GetStream());
            await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate }, _end.Token);
            var request = new byte[4096];
            var length = 0;
            // The guest's body is chunked and empty.
            while (!request.AsSpan(0, length).EndsWith("0\r\n\r\n"u8) && await tls.ReadAsync(request.AsMemory(length), _end.Token) is > 0 and var count)
            {
                length += count;
            }

            await tls.WriteAsync(answer, _end.Token);
            await tls.ShutdownAsync();
        }
        catch (Exception gone) when (gone is OperationCanceledException or IOException or System.Security.Authentication.AuthenticationException)
        {
            // A client that does not trust it leaves; so does this server when the test is over.
        }
    }
}
