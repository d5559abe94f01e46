namespace Skiff.Conformance;

/// <summary>A fresh directory for one test.</summary>
internal sealed class WorkFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("skiff-conformance-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
