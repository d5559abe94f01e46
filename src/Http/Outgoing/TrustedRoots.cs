using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Skiff.Http.Outgoing;

/// <summary>
/// Whom outgoing TLS trusts. What OpenSSL finds by itself (<c>SSL_CERT_FILE</c>, <c>SSL_CERT_DIR</c>, else the folder that it was built
/// with) counts, where there is any; an image may keep its certificate authorities elsewhere, or have none at all.
/// </summary>
internal static class TrustedRoots
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>Where images keep them: Debian and Alpine, Fedora, SUSE, and the name that LibreSSL and musl use.</summary>
    public static readonly IReadOnlyList<string> Bundles =
        ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"];

    /// <summary>What lies beside this program.</summary>
    public static readonly string OwnBundle = Path.Combine(AppContext.BaseDirectory, "ca-certificates.crt");

    /// <summary>The policy to verify servers with; null: .NET's own, by what OpenSSL finds.</summary>
    public static X509ChainPolicy? Find()
    {
        // Who sets one of them says all that is to be trusted, even if that is nothing.
        if (Environment.GetEnvironmentVariable("SSL_CERT_FILE") is not null || Environment.GetEnvironmentVariable("SSL_CERT_DIR") is not null)
        {
            return null;
        }

        using var store = new X509Store(StoreName.Root, StoreLocation.LocalMachine, OpenFlags.ReadOnly);
        return store.Certificates.Count > 0 ? null : FirstOf([.. Bundles, OwnBundle]);
    }

    /// <summary>The policy of the first bundle that is there; null for none.</summary>
    /// <param name="bundles">PEM files.</param>
    /// <exception cref="CryptographicException">It is there but holds something else; the message names it.</exception>
    public static X509ChainPolicy? FirstOf(IEnumerable<string> bundles)
    {
        if (bundles.FirstOrDefault(File.Exists) is not { } bundle)
        {
            return null;
        }

        var policy = NewPolicy();
        try
        {
            policy.CustomTrustStore.ImportFromPemFile(bundle);
            return policy;
        }
        catch (CryptographicException fault)
        {
            throw new CryptographicException($"certificate authorities in {bundle}: {fault.Message}", fault);
        }
    }

    /// <summary>One that trusts nobody yet.</summary>
    public static X509ChainPolicy NewPolicy()
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        return policy;
    }
}
