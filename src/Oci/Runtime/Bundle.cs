namespace Skiff.Oci.Runtime;

/// <summary>runtime-spec, <c>bundle.md</c>: a container's folder with its <c>config.json</c>, read and parsed once.</summary>
public sealed class Bundle
{
    /// <summary>Largest <c>config.json</c> that is read. Kubernetes' own objects end at 1.5 MiB; real ones have 5 to 50 KiB.</summary>
    public const int ConfigBytesMax = 16 * 1024 * 1024;

    private Bundle(string path, ReadOnlyMemory<byte> configJson, RuntimeSpec spec) =>
        (Path, ConfigJson, Spec) = (path, configJson, spec);

    /// <summary>Absolute path of the folder.</summary>
    public string Path { get; }

    /// <summary>The configuration as it lies on disk; what <see cref="SpecEditor"/> edits.</summary>
    public ReadOnlyMemory<byte> ConfigJson { get; }

    public RuntimeSpec Spec { get; }

    /// <summary>Absolute path of the root file system; null when the configuration has none.</summary>
    public string? RootPath => Spec.Root is { } root ? Absolute(root.Path) : null;

    /// <exception cref="OciFormatException">No config.json, too large, or not a container configuration.</exception>
    public static Bundle Load(string path) =>
        TryLoad(path) ?? throw new OciFormatException($"The bundle {path} has no config.json.");

    /// <summary>As <see cref="Load"/>, but null when there is no <c>config.json</c>: the bundle of a pod without pause container has none.</summary>
    /// <exception cref="OciFormatException">Too large, or not a container configuration.</exception>
    public static Bundle? TryLoad(string path)
    {
        var file = System.IO.Path.Combine(path, "config.json");
        byte[] json;
        try
        {
            // ReadWrite | Delete: any other sharing makes .NET lock the file, which is a system call more and helps nobody.
            using var handle = File.OpenHandle(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var length = RandomAccess.GetLength(handle);
            if (length > ConfigBytesMax)
            {
                throw new OciFormatException($"{file} has {length} bytes; at most {ConfigBytesMax} are read.");
            }

            json = new byte[length];
            ReadWhole(handle, json, file);
        }
        catch (Exception fault) when (fault is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }

        try
        {
            return new Bundle(System.IO.Path.GetFullPath(path), json, RuntimeSpec.Parse(json));
        }
        catch (OciFormatException fault)
        {
            throw new OciFormatException($"{file}: {fault.Message}", fault);
        }
    }

    /// <summary>A path of the configuration (root, source of a bind mount) as an absolute one: relative ones start at the bundle.</summary>
    public string Absolute(string path) => System.IO.Path.GetFullPath(path, Path);

    private static void ReadWhole(Microsoft.Win32.SafeHandles.SafeFileHandle handle, byte[] json, string file)
    {
        for (var offset = 0; offset < json.Length;)
        {
            var count = RandomAccess.Read(handle, json.AsSpan(offset), offset);
            if (count == 0)
            {
                throw new OciFormatException($"{file} was cut short while it was read.");
            }

            offset += count;
        }
    }
}
