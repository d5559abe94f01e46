using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Skiff.Linux;

namespace Skiff.Http.Outgoing;

/// <summary>
/// Whom the TLS of a guest trusts that shares its process: the certificate authorities of its own file tree and environment, found as OpenSSL
/// and <see cref="TrustedRoots"/> find those of a container; only where it has none, those beside this program.
/// </summary>
/// <param name="root">The guest's root directory; stays the caller's.</param>
/// <param name="environment">The guest's.</param>
public sealed class GuestAuthorities(RootDirectory root, IReadOnlyList<KeyValuePair<string, string>> environment)
{
    /// <summary>Of all files together; what Debian ships has 220 kB.</summary>
    private const int BytesMax = 4 << 20;

    private const int FilesMax = 1000;

    /// <exception cref="CryptographicException">A file holds something else; the message names it.</exception>
    internal X509ChainPolicy? Find()
    {
        if (Variable("SSL_CERT_FILE") is { } file)
        {
            return PolicyOf([file], required: true);
        }

        if (Variable("SSL_CERT_DIR") is { } folders)
        {
            return PolicyOf(folders.Split(':').SelectMany(Files), required: true);
        }

        return TrustedRoots.Bundles.Select(bundle => PolicyOf([bundle], required: false)).FirstOrDefault(policy => policy is not null)
            ?? TrustedRoots.FirstOf([TrustedRoots.OwnBundle]);
    }

    // Who sets a variable says all that is to be trusted, even if that is nothing.
    private X509ChainPolicy? PolicyOf(IEnumerable<string> files, bool required)
    {
        var policy = TrustedRoots.NewPolicy();
        var (left, found) = (BytesMax, required);
        foreach (var path in files)
        {
            using var file = root.TryOpenFile(path);
            if (file is null)
            {
                continue;
            }

            found = true;
            try
            {
                policy.CustomTrustStore.ImportFromPem(Read(file, path, ref left));
            }
            catch (CryptographicException fault)
            {
                throw new CryptographicException($"certificate authorities in {path}: {fault.Message}", fault);
            }
        }

        return found ? policy : null;
    }

    private static string Read(SafeFileHandle file, string path, ref int left)
    {
        var content = BoundedFile.Read(file, left) ?? throw new CryptographicException($"{path}: certificate authorities have more than {BytesMax} bytes");
        left -= content.Length;
        return Encoding.ASCII.GetString(content);
    }

    private List<string> Files(string folder)
    {
        using var place = root.TryOpenDirectory(folder);
        return place is null ? [] :
        [
            .. Directory.EnumerateFiles($"/proc/self/fd/{place.DangerousGetHandle()}").Take(FilesMax)
                .Select(path => Path.Combine(folder, Path.GetFileName(path))),
        ];
    }

    private string? Variable(string name)
    {
        var value = environment.LastOrDefault(variable => variable.Key == name).Value;
        return string.IsNullOrEmpty(value) ? null : value;
    }
}
