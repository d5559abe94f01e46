using System.Text;
using Skiff.Linux.Files;
using Skiff.Wasi.Quotas;
using Skiff.Wasi.Random;

namespace Skiff.Wasi.Files;

/// <summary>The directories that a guest is granted, opened once; everything it opens is beneath one of them.</summary>
public sealed class Filesystem : IDisposable
{
    private readonly List<GrantedDirectory> _directories = [];
    private readonly Lazy<MetadataHash> _hash;

    /// <param name="quota">Leaves the granted directories free.</param>
    /// <exception cref="Linux.LinuxException">A directory cannot be opened; the message names it.</exception>
    internal Filesystem(IReadOnlyList<Preopen> grants, RandomSource random, ReadinessLoop readiness, QuotaShare quota)
    {
        _hash = new Lazy<MetadataHash>(() => new MetadataHash(random), LazyThreadSafetyMode.None);
        try
        {
            foreach (var grant in grants)
            {
                quota.TryTake();
                var root = FileDescriptor.OpenRoot(grant.HostPath, grant.ReadOnly, readiness, quota);
                _directories.Add(new GrantedDirectory(grant, root, Encoding.UTF8.GetBytes(grant.GuestPath)));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public IReadOnlyList<GrantedDirectory> Directories => _directories;

    /// <summary>One key for all hashes that the guest gets to compare.</summary>
    internal MetadataHash Hash => _hash.Value;

    public void Dispose()
    {
        foreach (var directory in _directories)
        {
            directory.Root.Dispose();
        }
    }
}

/// <summary>One granted directory.</summary>
/// <param name="Grant">As the operator gave it.</param>
/// <param name="Root">Its descriptor, the file system's own.</param>
/// <param name="GuestName">The guest's name for it, in UTF-8.</param>
public sealed record GrantedDirectory(Preopen Grant, FileDescriptor Root, ReadOnlyMemory<byte> GuestName)
{
    /// <summary>
    /// Opens it for one holder: each version's adapter and each call of <c>get-directories</c> gives the guest handles
    /// that it may drop.
    /// </summary>
    public WasiErrno Open(out FileDescriptor? opened) =>
        Root.Open("."u8, OpenRequest.Read | OpenRequest.Directory, out opened);
}
