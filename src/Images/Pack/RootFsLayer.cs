using System.Formats.Tar;

namespace Skiff.Images.Pack;

/// <summary>The tar layer of a rootfs image: the module, the further files, and the folders above them.</summary>
internal sealed class RootFsLayer
{
    // Sorted by name, a folder stands before what it holds: its name is a prefix.
    private readonly SortedDictionary<string, string?> _entries = new(StringComparer.Ordinal);

    /// <exception cref="ImageException">The destination is no clean absolute path or taken, or the source is neither file nor folder.</exception>
    public void Add(PackFile file)
    {
        var name = EntryName(file.Destination);
        var info = new FileInfo(file.Source);
        if (info.LinkTarget is not null)
        {
            info = (FileInfo?)info.ResolveLinkTarget(returnFinalTarget: true) ?? info;
        }

        if (Directory.Exists(info.FullName))
        {
            AddFolder(info.FullName, name);
        }
        else
        {
            AddFile(info.FullName, name);
        }
    }

    /// <summary>Writes the layer to a temporary file, which goes away with the stream.</summary>
    public FileStream Write(DateTimeOffset time)
    {
        var file = new FileStream(Path.GetTempFileName(), new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.ReadWrite,
            Options = FileOptions.DeleteOnClose,
        });
        try
        {
            using var tar = new TarWriter(file, TarEntryFormat.Ustar, leaveOpen: true);
            foreach (var (name, source) in _entries)
            {
                if (source is null)
                {
                    TarEntries.Folder(tar, name, time);
                    continue;
                }

                using var content = File.OpenRead(source);
                var executable = (File.GetUnixFileMode(content.SafeFileHandle) & UnixFileMode.UserExecute) != 0;
                TarEntries.File(tar, name, content, executable, time);
            }
        }
        catch
        {
            file.Dispose();
            throw;
        }

        return file;
    }

    /// <summary>The absolute path <paramref name="destination"/> as a tar names it: without the slash in front.</summary>
    private static string EntryName(string destination)
    {
        var name = destination.StartsWith('/') ? destination[1..] : "";
        return name.Length > 0 && name.Split('/').All(part => part is not ("" or "." or ".."))
            ? name
            : throw new ImageException($"'{destination}' is no path in an image: write an absolute one such as /data/file, without '.' and '..'");
    }

    private void AddFolder(string source, string name)
    {
        AddFolderEntry(name);
        foreach (var child in new DirectoryInfo(source).EnumerateFileSystemInfos())
        {
            if (child.LinkTarget is not null)
            {
                throw new ImageException($"{child.FullName} is a symbolic link: pack the folder without it, or what it leads to by --file of its own");
            }

            var childName = $"{name}/{child.Name}";
            if (child is DirectoryInfo)
            {
                AddFolder(child.FullName, childName);
            }
            else
            {
                AddFile(child.FullName, childName);
            }
        }
    }

    private void AddFile(string source, string name)
    {
        if (!File.Exists(source))
        {
            throw new ImageException($"{source} does not exist, so it cannot become /{name}");
        }

        if ((File.GetAttributes(source) & FileAttributes.Device) != 0)
        {
            throw new ImageException($"{source} is neither a file nor a folder");
        }

        if (Path.GetDirectoryName(name) is { Length: > 0 } folder)
        {
            AddFolderEntry(folder);
        }

        if (_entries.ContainsKey(name + "/") || !_entries.TryAdd(name, source))
        {
            throw new ImageException($"two files want to be /{name} in the image");
        }
    }

    private void AddFolderEntry(string name)
    {
        for (var folder = name; folder is { Length: > 0 }; folder = Path.GetDirectoryName(folder))
        {
            if (_entries.ContainsKey(folder))
            {
                throw new ImageException($"/{folder} would be a file and a folder in the image");
            }

            _entries[folder + "/"] = null;
        }
    }
}
