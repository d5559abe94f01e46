using Microsoft.Win32.SafeHandles;
using Skiff.Engine;
using Skiff.Guest;
using Skiff.Linux;

namespace Skiff.Runner.Hosting;

/// <summary>
/// The code of a host's guests: each file is mapped once, and what was linked of it is used by all guests of one image. A file is known by
/// device and inode, which stay its own because what is mapped or open keeps it alive.
/// </summary>
internal sealed class SharedCode : IDisposable
{
    // Of an image that comes and goes (a job each minute) the code is kept, of a node's history not.
    private const int UnusedMax = 16;

    private readonly Shelf<FileKey, MappedFile> _modules = new(0);
    private readonly Shelf<GuestKey, SharedGuest> _guests = new(UnusedMax);

    /// <summary>Linked code, until the lease is disposed of.</summary>
    /// <param name="spec">Its code's paths are those of the files.</param>
    /// <param name="files">The code, and behind it that of a component's modules. Stay the caller's.</param>
    /// <exception cref="GuestException">As <see cref="LinkedGuest.Link"/>.</exception>
    /// <exception cref="DamagedCodeException">As there.</exception>
    public Shelf<GuestKey, SharedGuest>.Lease Take(WasmEngine engine, GuestSpec spec, IReadOnlyList<SafeFileHandle> files) =>
        _guests.Take(new GuestKey(FileKey.Of(files[0]), spec.Export), () => Link(engine, spec, files));

    public void Dispose()
    {
        _guests.Dispose();
        _modules.Dispose();
    }

    private SharedGuest Link(WasmEngine engine, GuestSpec spec, IReadOnlyList<SafeFileHandle> files)
    {
        var parts = new Parts();
        try
        {
            var component = spec.Code.Kind == CodeKind.Component ? Code.ReadComponent(spec) : null;
            var open = spec.Code.Modules.Prepend(spec.Code.Path).Zip(files).ToLookup(pair => pair.First, pair => pair.Second);
            CompiledModule Map(string path)
            {
                var file = open[path].First();
                return parts.Add(_modules.Take(
                    FileKey.Of(file), () => new MappedFile(Code.MapModule(engine, path), Descriptors.Duplicate(file)))).Value.Module;
            }

            parts.Add(Descriptors.Duplicate(files[0]));
            return new SharedGuest(parts.Add(LinkedGuest.Link(engine, spec, component, fibers: true, Map)), parts);
        }
        catch
        {
            parts.Dispose();
            throw;
        }
    }

    internal readonly record struct FileKey(ulong Device, ulong Inode, long Bytes)
    {
        public static FileKey Of(SafeFileHandle file)
        {
            // Not the times: whoever finds the code in the cache marks it as used.
            var identity = FileIdentity.Of(file);
            return new FileKey(identity.Device, identity.Inode, identity.Bytes);
        }
    }

    internal readonly record struct GuestKey(FileKey Code, string? Export);

    /// <summary>A module and the file that it was mapped from.</summary>
    private sealed class MappedFile(CompiledModule module, SafeFileHandle file) : IDisposable
    {
        public CompiledModule Module => module;

        public void Dispose()
        {
            module.Dispose();
            file.Dispose();
        }
    }
}

/// <summary>Linked code with all that it is made of.</summary>
internal sealed class SharedGuest(LinkedGuest linked, Parts parts) : IDisposable
{
    public LinkedGuest Linked => linked;

    public void Dispose() => parts.Dispose();
}
