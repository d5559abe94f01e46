using System.Text;
using Microsoft.Win32.SafeHandles;
using Skiff.Linux;
using Skiff.Oci.Runtime;

namespace Skiff.Sandbox;

/// <summary>The program that a process names, found in the container's file tree.</summary>
/// <param name="Path">Where in the container.</param>
/// <param name="Export">Behind <c>#</c> in the process's first argument; null: the guest's entry point.</param>
/// <param name="File">Open for reading; the owner disposes it.</param>
internal sealed record FoundProgram(string Path, string? Export, SafeFileHandle File, ProgramFormat Format) : IDisposable
{
    public void Dispose() => File.Dispose();
}

/// <summary>
/// Finds what a process's first argument names: <c>path</c> or <c>path#export</c>; a bare name is searched in PATH, then in
/// the working directory. The kernel resolves the path inside the rootfs (or inside the bind mount that covers it), so no
/// symlink of a hostile image leads out. Only a link that leads from one of them into another is followed here.
/// </summary>
internal sealed class ModuleFinder(string rootfs, IReadOnlyList<MountSpec> mounts, Func<string, string> absolute)
{
    /// <summary>PATH_MAX of the kernel, its final zero not counted.</summary>
    private const int PathBytesMax = 4095;

    /// <summary>Entries of PATH that are tried; each costs a system call.</summary>
    private const int PathEntriesMax = 256;

    /// <summary>As many as the kernel follows in one path.</summary>
    private const int LinksMax = 40;

    /// <summary>Parts of a path that are looked at, those of its links included; each costs system calls.</summary>
    private const int PartsMax = 1024;

    private const string UsualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>The parts of a process's first argument: the program, and the export behind the last <c>#</c>.</summary>
    /// <exception cref="SandboxException">Nothing stands behind the <c>#</c>.</exception>
    public static (string Name, string? Export) Split(string argument)
    {
        var mark = argument.LastIndexOf('#');
        if (mark < 0)
        {
            return (argument, null);
        }

        return mark < argument.Length - 1
            ? (argument[..mark], argument[(mark + 1)..])
            : throw new SandboxException(
                $"'{Shortened(argument)}' names no export behind '#': write path#export, or leave '#' away for the entry point.",
                SandboxFault.InvalidArgument);
    }

    /// <summary>Null when there is no such file.</summary>
    /// <exception cref="SandboxException">It is there but no program: a truncated or unknown format, or code compiled elsewhere.</exception>
    public FoundProgram? Find(ProcessSpec process)
    {
        var argument = FirstArgument(process);

        // '#' may be part of a native program's name; a file of the whole name comes first.
        if (argument.Contains('#', StringComparison.Ordinal) && Search(argument, process) is { } whole)
        {
            return Checked(whole.Path, export: null, whole.File);
        }

        var (name, export) = Split(argument);
        return Search(name, process) is { } found ? Checked(found.Path, export, found.File) : null;
    }

    /// <summary>The process's first argument.</summary>
    /// <exception cref="SandboxException">There is none, or no system call could take it.</exception>
    public static string FirstArgument(ProcessSpec process)
    {
        if (process.Args.Count == 0 || process.Args[0].Length == 0)
        {
            throw new SandboxException(
                "process.args is empty: give the image an entrypoint, or name the module on the command line.", SandboxFault.InvalidArgument);
        }

        return process.Args[0].Contains('\0', StringComparison.Ordinal)
            ? throw new SandboxException("process.args[0] holds a zero byte.", SandboxFault.InvalidArgument)
            : process.Args[0];
    }

    private (string Path, SafeFileHandle File)? Search(string name, ProcessSpec process)
    {
        if (name.Length == 0)
        {
            return null;
        }

        if (name.Contains('/', StringComparison.Ordinal))
        {
            return Open(Path.Combine(process.Cwd, name));
        }

        var count = 0;
        foreach (var folder in SearchPath(process).Split(':'))
        {
            if (++count > PathEntriesMax)
            {
                throw new SandboxException(
                    $"PATH has more than {PathEntriesMax} entries and '{Shortened(name)}' is in none of the first: name the module by its absolute path.",
                    SandboxFault.InvalidArgument);
            }

            if (Open(Path.Combine(process.Cwd, folder, name)) is { } found)
            {
                return found;
            }
        }

        return Open(Path.Combine(process.Cwd, name));
    }

    private static string SearchPath(ProcessSpec process)
    {
        const string Prefix = "PATH=";
        return process.Env.LastOrDefault(e => e.StartsWith(Prefix, StringComparison.Ordinal))?[Prefix.Length..] ?? UsualPath;
    }

    private (string Path, SafeFileHandle File)? Open(string path)
    {
        if (Encoding.UTF8.GetByteCount(path) > PathBytesMax)
        {
            return null;
        }

        // Without "..": only to compare with the mounts' destinations; the kernel gets the path as it was written.
        var lexical = Path.GetFullPath(path, "/");
        var file = CoveringMount(lexical) is { } mount ? OpenInMount(mount, lexical) : OpenIn(rootfs, path);
        if (file is null && mounts.Any(one => one.IsBind) && FollowLinks(path) is { } real && real != lexical)
        {
            file = CoveringMount(real) is { } other ? OpenInMount(other, real) : OpenIn(rootfs, real);
        }

        return file is null ? null : (path, file);
    }

    /// <summary>
    /// The path without links, as the container will see it with all its mounts; null when there is nothing. Only a proposal: what
    /// it leads to is opened by the kernel inside rootfs or mount as any other path.
    /// </summary>
    private string? FollowLinks(string path)
    {
        var pending = new Stack<string>(path.Split('/').Reverse());
        var (done, links) = ("/", 0);
        for (var count = 0; pending.TryPop(out var part); count++)
        {
            if (count > PartsMax)
            {
                return null;
            }

            if (part is "" or "." or "..")
            {
                done = part == ".." ? Path.GetDirectoryName(done) ?? "/" : done;
                continue;
            }

            var next = Path.Join(done, part);
            if (!TryReadLink(next, out var target) || (target is not null && ++links > LinksMax))
            {
                return null;
            }

            if (target is null)
            {
                done = next;
                continue;
            }

            done = target.StartsWith('/') ? "/" : done;
            foreach (var step in target.Split('/').Reverse())
            {
                pending.Push(step);
            }
        }

        return done;
    }

    private bool TryReadLink(string path, out string? target)
    {
        target = null;
        if (Encoding.UTF8.GetByteCount(path) > PathBytesMax)
        {
            return false;
        }

        if (CoveringMount(path) is not { } mount)
        {
            return TryReadLinkIn(rootfs, path, out target);
        }

        var rest = RestIn(mount, path);
        return mount.IsBind && !string.IsNullOrEmpty(mount.Source)
            && (rest.Length == 0 || TryReadLinkIn(absolute(mount.Source), rest, out target));
    }

    private MountSpec? CoveringMount(string path)
    {
        MountSpec? covering = null;
        var length = -1;
        foreach (var mount in mounts)
        {
            // At equal length the later one covers the earlier one.
            var destination = Destination(mount);
            if (destination.Length >= length && IsBeneath(path, destination))
            {
                (covering, length) = (mount, destination.Length);
            }
        }

        return covering;
    }

    private SafeFileHandle? OpenInMount(MountSpec mount, string path)
    {
        if (!mount.IsBind || string.IsNullOrEmpty(mount.Source))
        {
            // tmpfs, proc and the like are made by the runtime: there is no program in them yet.
            return null;
        }

        var rest = RestIn(mount, path);
        var source = absolute(mount.Source);

        // The source itself is the operator's path of the host, links included; what lies beneath it is the guest's.
        return rest.Length == 0 ? OpenIn("/", source) : OpenIn(source, rest);
    }

    private static SafeFileHandle? OpenIn(string folder, string path)
    {
        if (!Directory.Exists(folder))
        {
            return null;
        }

        using var root = new RootDirectory(folder);
        return root.TryOpenFile(path);
    }

    private static bool TryReadLinkIn(string folder, string path, out string? target)
    {
        target = null;
        if (!Directory.Exists(folder))
        {
            return false;
        }

        using var root = new RootDirectory(folder);
        return root.TryReadLink(path, out target);
    }

    private static string RestIn(MountSpec mount, string path) => path[Destination(mount).Length..].TrimStart('/');

    private static string Destination(MountSpec mount) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(mount.Destination, "/"));

    private static bool IsBeneath(string path, string folder) =>
        folder == "/" || (path.StartsWith(folder, StringComparison.Ordinal) && (path.Length == folder.Length || path[folder.Length] == '/'));

    private static FoundProgram Checked(string path, string? export, SafeFileHandle file)
    {
        var head = ProgramFormats.ReadHead(file);
        var format = ProgramFormats.Detect(head);
        if (format is ProgramFormat.Native or ProgramFormat.Wasm)
        {
            return new FoundProgram(path, export, file, format);
        }

        file.Dispose();
        throw new SandboxException(
            format == ProgramFormat.Precompiled
                ? $"{Shortened(path)} is code compiled by Wasmtime. It is refused: compiled code runs without the walls of Wasm. Put the .wasm it was made from into the image; Skiff compiles it once per node."
                : $"{Shortened(path)} is no program: {Describe(head)}. Expected is a Wasm module or component (\\0asm, or text beginning with '(module'), an ELF program or a script with '#!'.",
            SandboxFault.InvalidArgument);
    }

    private static string Describe(ReadOnlySpan<byte> head)
    {
        if (head.IsEmpty)
        {
            return "the file is empty";
        }

        const int Shown = 16;
        var first = Convert.ToHexStringLower(head[..Math.Min(head.Length, Shown)]);
        return head.StartsWith("\0asm"u8) ? $"a Wasm file cut off after {head.Length} bytes ({first})" : $"it begins with the bytes {first}";
    }

    private static string Shortened(string text) => text.Length <= 256 ? text : text[..256] + "…";
}
