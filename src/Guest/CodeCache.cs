using Microsoft.Win32.SafeHandles;

namespace Skiff.Guest;

/// <summary>
/// The node's folder of compiled code: where an entry lies and how it is found. Both wings know it: the control wing looks
/// up, the run wing's compile helper fills. Content-addressed: digest of the module, below a folder for engine version,
/// engine settings and CPU. Files are 0444 in folders that only their owner can enter: a guest gets a descriptor, never the path.
/// </summary>
public sealed partial class CodeCache
{
    /// <summary>
    /// Version of the engine and of the settings that code is compiled with. The engine's own word for it
    /// (<c>WasmEngine.Tag</c>) must be the same; a test holds the two together, since this room may not name the engine.
    /// </summary>
    public const string EngineTag = "wasmtime-50.0.1-s2";

    /// <summary>As <see cref="EngineTag"/>, of code that the baseline compiler made (<c>WasmEngine.BaselineTag</c>).</summary>
    public const string BaselineTag = EngineTag + "-baseline";

    /// <summary>
    /// Largest module in bytes that is hashed, read and compiled when nobody asks for another bound: five times the largest ones
    /// seen (Ruby, 50 MB). One bound for the shim, which hashes, and for the helper, which compiles.
    /// </summary>
    public const long ModuleBytesMax = 256 << 20;

    // How old the mark of the last use may become before it is renewed: the order of cleaning needs no more, and a start
    // of a popular module then writes nothing to the disk.
    private static readonly TimeSpan UseMarkAge = TimeSpan.FromMinutes(1);

    // Three hex digits.
    private const int LockDigits = 3;
    private const string TemporaryPrefix = "new-";
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode EntryMode = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode WritableByOthers = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    private readonly TimeProvider _time;

    /// <param name="root">Absolute path of the folder; need not exist yet.</param>
    public CodeCache(string root, TimeProvider? time = null)
        : this(root, time, EngineTag) => Baseline = new CodeCache(root, time, BaselineTag);

    private CodeCache(string root, TimeProvider? time, string tag)
    {
        (Root, _time, IsBaseline) = (root, time ?? TimeProvider.System, tag == BaselineTag);
        Folder = Path.Combine(root, $"{tag}-{CpuFeatures.Name}");
        Baseline = this;
    }

    public string Root { get; }

    /// <summary>Folder of the entries that this machine's engine can load.</summary>
    public string Folder { get; }

    /// <summary>
    /// The code that the baseline compiler made, for guests that are started before there is optimised code. What is cleaned with the
    /// rest: an entry here goes when its optimised form is there.
    /// </summary>
    public CodeCache Baseline { get; }

    /// <summary>Whether this is the <see cref="Baseline"/> of another.</summary>
    public bool IsBaseline { get; }

    /// <summary>Opens the best code there is: the optimised, else that of the baseline compiler; null if there is none.</summary>
    /// <exception cref="IOException">As <see cref="TryOpen"/>.</exception>
    public CacheEntry? TryOpenBest(string digest) =>
        // The third look: what was made between the first and the second has taken the other's place.
        TryOpen(digest) ?? Baseline.TryOpen(digest) ?? TryOpen(digest);

    /// <summary>
    /// Opens the compiled form of the module or component with this digest and marks it as used; null if there is none. A
    /// component of which one module is missing is not there: it is compiled again as far as needed.
    /// </summary>
    /// <param name="digest">SHA-256 of the file as the image holds it (binary or text), 64 lowercase hex digits.</param>
    /// <exception cref="IOException">The cache can be written by somebody else, or an entry cannot be opened.</exception>
    public CacheEntry? TryOpen(string digest)
    {
        RequireDigest(digest);
        return TryOpenModule(digest) ?? TryOpenComponent(digest);
    }

    /// <summary>Whether the compiled form of a core module is there; it is marked as used.</summary>
    public bool HasModule(string digest)
    {
        RequireDigest(digest);
        using var entry = TryOpenModule(digest);
        return entry is not null;
    }

    /// <summary>Where the compiled form of a module lies, whether it is there or not.</summary>
    public string PathOf(string digest, CodeKind kind) => Path.Combine(Folder, digest + SuffixOf(kind));

    /// <summary>
    /// File whose lock the one who compiles this module holds. One of a few thousand, so that they need no cleaning: two
    /// modules that share one only wait for each other.
    /// </summary>
    public string LockPathOf(string digest)
    {
        RequireDigest(digest);
        return Path.Combine(Folder, $"lock-{digest[..LockDigits]}");
    }

    /// <summary>File whose lock the one who cleans holds: two at once would count the same bytes twice.</summary>
    public string CleaningLockPath => Path.Combine(Folder, "lock-cleaning");

    /// <summary>Makes the folders, closed to others.</summary>
    /// <exception cref="IOException">A folder cannot be made, or was made by or for others.</exception>
    public void CreateFolders()
    {
        Directory.CreateDirectory(Root, OwnerOnly);
        Directory.CreateDirectory(Folder, OwnerOnly);
        RequireClosed(Root);
        RequireClosed(Folder);
    }

    /// <summary>
    /// Adds the compiled form of a core module: seen by others either whole or not at all, also after a power cut. Replaces an
    /// entry that is there.
    /// </summary>
    /// <returns>Path of the entry.</returns>
    /// <exception cref="IOException">The disk is full or cannot be written; nothing half-written is left.</exception>
    public string InsertModule(string digest, ReadOnlySpan<byte> code) => Insert(digest, CodeKind.Module, code);

    /// <summary>As <see cref="InsertModule"/>, for a component, after its modules.</summary>
    /// <param name="component">The component, cut down, in the binary format.</param>
    /// <param name="modules">Digests of its core modules, in the order of the link plan.</param>
    /// <exception cref="GuestException">There are too many modules.</exception>
    public string InsertComponent(string digest, ReadOnlySpan<byte> component, IReadOnlyList<string> modules) =>
        Insert(digest, CodeKind.Component, ComponentCode.Compose(component, modules));

    private string Insert(string digest, CodeKind kind, ReadOnlySpan<byte> code)
    {
        RequireDigest(digest);
        CreateFolders();
        var path = PathOf(digest, kind);
        var temporary = Path.Combine(Folder, $"{TemporaryPrefix}{Guid.NewGuid():N}");
        try
        {
            using (var file = new FileStream(temporary, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                BufferSize = 0,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }))
            {
                file.Write(code);
                RandomAccess.FlushToDisk(file.SafeFileHandle);
                File.SetUnixFileMode(file.SafeFileHandle, EntryMode);
            }

            File.Move(temporary, path, overwrite: true);
            return path;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            File.Delete(temporary);
            throw new IOException(
                $"compiled code cannot be kept in {Folder}, {code.Length} bytes needed, {FreeBytes()} free there: {fault.Message}", fault);
        }
    }

    /// <summary>
    /// Forgets a module, or a component with its modules, e.g. because an entry turned out to be damaged. Who has it open keeps it.
    /// </summary>
    public void Remove(string digest)
    {
        RequireDigest(digest);
        File.Delete(PathOf(digest, CodeKind.Module));
        var component = PathOf(digest, CodeKind.Component);
        if (!File.Exists(component))
        {
            return;
        }

        using (var handle = File.OpenHandle(component))
        {
            foreach (var module in ComponentCode.TryReadModules(handle) ?? [])
            {
                File.Delete(PathOf(module, CodeKind.Module));
            }
        }

        File.Delete(component);
    }

    private CacheEntry? TryOpenModule(string digest)
    {
        var path = PathOf(digest, CodeKind.Module);
        if (TryOpenFile(path) is not { } handle)
        {
            return null;
        }

        if (!CompiledFile.IsWhole(handle))
        {
            handle.Dispose();
            return null;
        }

        MarkUsed(handle);
        return new CacheEntry(handle, path, CodeKind.Module, []) { IsBaseline = IsBaseline };
    }

    private CacheEntry? TryOpenComponent(string digest)
    {
        var path = PathOf(digest, CodeKind.Component);
        if (TryOpenFile(path) is not { } handle)
        {
            return null;
        }

        var modules = new List<CacheEntry>();
        var entry = new CacheEntry(handle, path, CodeKind.Component, modules) { IsBaseline = IsBaseline };
        var digests = ComponentCode.TryReadModules(handle);
        foreach (var module in digests ?? [])
        {
            if (TryOpenModule(module) is not { } opened)
            {
                break;
            }

            modules.Add(opened);
        }

        if (digests is null || modules.Count != digests.Count)
        {
            entry.Dispose();
            return null;
        }

        MarkUsed(handle);
        return entry;
    }

    private SafeFileHandle? TryOpenFile(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        SafeFileHandle handle;
        try
        {
            handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (FileNotFoundException)
        {
            // Cleaned between the look and the opening: as if it had never been there.
            return null;
        }

        try
        {
            RequireOwnersOnly(handle, path);
            return handle;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    private void MarkUsed(SafeFileHandle handle)
    {
        var now = _time.GetUtcNow().UtcDateTime;
        if (now - File.GetLastWriteTimeUtc(handle) < UseMarkAge)
        {
            return;
        }

        try
        {
            File.SetLastWriteTimeUtc(handle, now);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // A cache on a read-only disk, or filled by somebody else, still serves; nobody cleans it from here.
        }
    }

    // Compiled code is native code of this process: who can write the file, or the folder it lies in, owns the node.
    private void RequireOwnersOnly(SafeFileHandle handle, string path)
    {
        if ((File.GetUnixFileMode(handle) & WritableByOthers) != 0)
        {
            throw new IOException($"compiled code {path} can be written by others than its owner; remove it");
        }

        RequireClosed(Folder);
        RequireClosed(Root);
    }

    private static void RequireClosed(string folder)
    {
        if ((File.GetUnixFileMode(folder) & WritableByOthers) != 0)
        {
            throw new IOException($"cache folder {folder} can be written by others than its owner; chmod it to 0700");
        }
    }

    private long FreeBytes() => new DriveInfo(Folder).AvailableFreeSpace;

    private static void RequireDigest(string digest)
    {
        if (!ContentDigest.IsValid(digest))
        {
            throw new ArgumentException($"'{digest}' is not a SHA-256 digest of 64 lowercase hex digits", nameof(digest));
        }
    }

    private static string SuffixOf(CodeKind kind) => kind == CodeKind.Module ? ".module.cwasm" : ".component";
}

/// <summary>An open entry of the <see cref="CodeCache"/>, which the caller disposes.</summary>
/// <param name="Modules">Of a component: the compiled code of its core modules, in the order of its link plan.</param>
public sealed record CacheEntry(SafeFileHandle Handle, string Path, CodeKind Kind, IReadOnlyList<CacheEntry> Modules) : IDisposable
{
    /// <summary>As <see cref="CompiledCode.IsBaseline"/>.</summary>
    public bool IsBaseline { get; init; }

    /// <summary>Where the entry's code is to be mapped from.</summary>
    public CompiledCode Code => new(Path, Kind, [.. Modules.Select(module => module.Path)]) { IsBaseline = IsBaseline };

    public void Dispose()
    {
        Handle.Dispose();
        foreach (var module in Modules)
        {
            module.Dispose();
        }
    }
}
