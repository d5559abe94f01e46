namespace Skiff.Wasi.Tests;

/// <summary>A folder that goes with the test.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public TemporaryFolder() => Path = Directory.CreateTempSubdirectory("skiff-wasi-").FullName;

    public string Path { get; }

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        Directory.Delete(Path, recursive: true);
        if (Directory.Exists(InMemory))
        {
            Directory.Delete(InMemory, recursive: true);
        }
    }

    /// <summary>Where a test finds another file system than the one of <see cref="Path"/>.</summary>
    public string InMemory => $"/dev/shm/{System.IO.Path.GetFileName(Path)}";
}
