using System.Text.Unicode;

namespace Skiff.Wasi.Files;

/// <summary>
/// A path as a guest gave it. Only what the kernel cannot know is decided here; what lies on the path, and whether it leads
/// out, is the kernel's to say (openat2).
/// </summary>
internal readonly ref struct GuestPath
{
    private const byte Slash = (byte)'/';

    private GuestPath(ReadOnlySpan<byte> parent, ReadOnlySpan<byte> name)
    {
        Parent = parent;
        Name = name;
    }

    /// <summary>What leads to the directory that holds <see cref="Name"/>; empty for the directory itself.</summary>
    public ReadOnlySpan<byte> Parent { get; }

    /// <summary>The last component, with the slashes behind it: to the kernel they say that it must be a directory.</summary>
    public ReadOnlySpan<byte> Name { get; }

    public bool EndsWithSlash => Name[^1] == Slash;

    public bool IsDotDot => Name.TrimEnd(Slash) is [(byte)'.', (byte)'.'];

    /// <summary>Whether a path can be handed to the kernel at all.</summary>
    public static WasiErrno Check(ReadOnlySpan<byte> path)
    {
        if (path.IsEmpty)
        {
            return WasiErrno.NoEntry;
        }

        if (path.Contains((byte)0))
        {
            return WasiErrno.Invalid;
        }

        if (!Utf8.IsValid(path))
        {
            return WasiErrno.IllegalSequence;
        }

        // openat2 says so, too, but the calls that take a single component do not.
        return path[0] == Slash ? WasiErrno.NotPermitted : WasiErrno.Success;
    }

    /// <summary>Splits the last component off.</summary>
    public static WasiErrno TrySplit(ReadOnlySpan<byte> path, out GuestPath split)
    {
        split = default;
        var error = Check(path);
        if (error != WasiErrno.Success)
        {
            return error;
        }

        var end = path.TrimEnd(Slash).LastIndexOf(Slash);
        split = end < 0 ? new GuestPath([], path) : new GuestPath(path[..end], path[(end + 1)..]);
        return WasiErrno.Success;
    }
}
