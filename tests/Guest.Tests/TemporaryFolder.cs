namespace Skiff.Guest.Tests;

internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("skiff-test-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
