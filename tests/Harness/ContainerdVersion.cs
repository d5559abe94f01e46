namespace Skiff.Harness;

/// <summary>A containerd that the ring runs on: 1.6 is the machine's own, the others are unpacked by scripts/setup.sh.</summary>
internal sealed record ContainerdVersion(string Name, string BinaryFolder)
{
    public static IReadOnlyList<ContainerdVersion> All { get; } =
    [
        new("1.6", "/usr/bin"),
        new("1.7", Path.Combine(Repository.Root, ".cache/containerd/1.7/usr/bin")),
        new("2.1", Path.Combine(Repository.Root, ".cache/containerd/2.1/usr/bin")),
    ];

    public static ContainerdVersion Named(string name) => All.First(version => version.Name == name);

    public bool IsInstalled => File.Exists(Path.Combine(BinaryFolder, "containerd"));

    public bool IsTwo => Name.StartsWith("2.", StringComparison.Ordinal);

    public string Containerd => Path.Combine(BinaryFolder, "containerd");

    public string Ctr => Path.Combine(BinaryFolder, "ctr");
}
