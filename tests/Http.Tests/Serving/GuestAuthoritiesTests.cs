using System.Security.Cryptography;
using Skiff.Http.Outgoing;
using Skiff.Http.Tests.Doubles;
using Skiff.Linux;

namespace Skiff.Http.Tests.Serving;

/// <summary>Of a guest's own file tree, which is not that of the process.</summary>
public sealed class GuestAuthoritiesTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("skiff-root-").FullName;
    private readonly TestCertificate _own = new();
    private readonly TestCertificate _other = new();

    public void Dispose()
    {
        Directory.Delete(_root, recursive: true);
        _own.Dispose();
        _other.Dispose();
    }

    [Fact]
    public void The_images_bundle_counts()
    {
        Write("/etc/pki/tls/certs/ca-bundle.crt", _own);
        Assert.Equal(1, Find());
    }

    [Fact]
    public void Variables_of_the_guest_say_all_that_is_trusted()
    {
        Write("/etc/ssl/certs/ca-certificates.crt", _own);
        Write("/a/one.pem", _own);
        Write("/a/two.pem", _other);
        Assert.Equal(1, Find("SSL_CERT_FILE", "/a/one.pem"));
        Assert.Equal(2, Find("SSL_CERT_DIR", "/missing:/a"));
        Assert.Equal(0, Find("SSL_CERT_FILE", "/a/three.pem"));
    }

    [Fact]
    public void A_link_leads_nowhere_out_of_the_tree()
    {
        Directory.CreateDirectory(_root + "/etc/ssl");
        File.CreateSymbolicLink(_root + "/etc/ssl/cert.pem", _own.CertificateFile);
        using var root = new RootDirectory(_root);
        Assert.Null(root.TryOpenFile("/etc/ssl/cert.pem"));
        Assert.NotEqual(1, Find());
    }

    [Fact]
    public void A_file_that_is_none_or_too_long_is_named()
    {
        File.WriteAllText(_root + "/bad.pem", "-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n");
        Assert.Contains("/bad.pem", Assert.ThrowsAny<CryptographicException>(() => Find("SSL_CERT_FILE", "/bad.pem")).Message, StringComparison.Ordinal);
        File.WriteAllBytes(_root + "/long.pem", new byte[5 << 20]);
        Assert.Contains("/long.pem", Assert.ThrowsAny<CryptographicException>(() => Find("SSL_CERT_FILE", "/long.pem")).Message, StringComparison.Ordinal);
    }

    // How many are trusted.
    private int Find(string? name = null, string value = "")
    {
        using var root = new RootDirectory(_root);
        return new GuestAuthorities(root, name is null ? [] : [new(name, value)]).Find()?.CustomTrustStore.Count ?? 0;
    }

    private void Write(string path, TestCertificate certificate)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_root + path)!);
        File.Copy(certificate.CertificateFile, _root + path);
    }
}
