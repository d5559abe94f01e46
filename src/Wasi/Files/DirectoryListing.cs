using System.Runtime.InteropServices;
using Skiff.Linux.Files;
using Skiff.Wasi.Quotas;

namespace Skiff.Wasi.Files;

/// <summary>What is in a directory, entry by entry, without <c>.</c> and <c>..</c>. Takes the handle over, and the place in the quota.</summary>
public sealed class DirectoryListing : IDisposable
{
    private const int BufferBytes = 8 * 1024;

    private readonly SafeHandle _directory;
    private readonly QuotaShare _quota;
    private readonly byte[] _buffer = new byte[BufferBytes];
    private int _from;
    private int _to;
    private bool _disposed;

    internal DirectoryListing(SafeHandle directory, QuotaShare quota) => (_directory, _quota) = (directory, quota);

    /// <summary>The next entry; its name stands until the next call. No name: there are no more.</summary>
    public WasiErrno Next(out FileType type, out ReadOnlySpan<byte> name)
    {
        while (true)
        {
            ReadOnlySpan<byte> left = _buffer.AsSpan(_from, _to - _from);
            while (DirectoryEntry.TryRead(ref left, out var entry))
            {
                _from = _to - left.Length;
                if (entry.Name is not ([(byte)'.'] or [(byte)'.', (byte)'.']))
                {
                    type = entry.Type;
                    name = entry.Name;
                    if (type == FileType.Unknown && FileCalls.StatusAt(_directory, name, follow: false, out var stat) == 0)
                    {
                        type = stat.Type;
                    }

                    return WasiErrno.Success;
                }
            }

            var answer = DirectoryCalls.ReadEntries(_directory, _buffer);
            if (answer <= 0)
            {
                type = FileType.Unknown;
                name = [];
                return LinuxErrors.Of(answer);
            }

            (_from, _to) = (0, answer);
        }
    }

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _directory.Dispose();
            _quota.Give();
        }
    }
}
