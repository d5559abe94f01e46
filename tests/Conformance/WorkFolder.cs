namespace Skiff.Conformance;

/// <summary>Fresh directories for one test, with what <c>tests/Guests/p1suite/suite.h</c> promises its tests.</summary>
internal sealed class WorkFolder : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("skiff-conformance-").FullName;

    // Memory, where everything else is on a disk: renames and links do not reach from one to the other.
    private readonly string _other = Directory.CreateDirectory($"/dev/shm/skiff-conformance-{Guid.NewGuid():N}").FullName;

    public WorkFolder()
    {
        File.WriteAllText(System.IO.Path.Combine(_root, "outside.txt"), "out of reach\n");
        Directory.CreateDirectory(ReadOnly);
        foreach (var folder in (string[])[Path, ReadOnly])
        {
            Directory.CreateDirectory(System.IO.Path.Combine(folder, "folder"));
            File.WriteAllText(System.IO.Path.Combine(folder, "folder", "file.txt"), "file\n");
            File.WriteAllText(System.IO.Path.Combine(folder, "hello.txt"), "hello\n");
        }

        Link("absolute", "/etc/passwd");
        Link("up", "../outside.txt");
        Link("above", "..");
        Link("loop", "loop");
        Link("link", "hello.txt");
        Link("folder-link", "folder");
    }

    /// <summary>The guest's <c>/</c>, on the host.</summary>
    public string Path => System.IO.Path.Combine(_root, "work");

    /// <summary>What gives the guest its directories and its environment.</summary>
    public string[] Options =>
    [
        "--dir", $"{Path}::/", "--dir", $"{ReadOnly}::/ro:ro", "--dir", $"{_other}::/other",
        "--env", "SUITE=a=b", "--env", "EMPTY=", "--env", "UNICODE=zürich",
    ];

    private string ReadOnly => System.IO.Path.Combine(_root, "read-only");

    public void Dispose()
    {
        Directory.Delete(_root, recursive: true);
        Directory.Delete(_other, recursive: true);
    }

    private void Link(string name, string target) => File.CreateSymbolicLink(System.IO.Path.Combine(Path, name), target);
}
