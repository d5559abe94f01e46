namespace Skiff.Harness;

/// <summary>Where the things under test and the guests lie.</summary>
internal static class Repository
{
    /// <summary>Root of the checkout.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>What <c>make publish</c> made; <c>SKIFF_DIST</c> names another place.</summary>
    public static string Dist { get; } = Environment.GetEnvironmentVariable("SKIFF_DIST") ?? Path.Combine(Root, "dist");

    /// <summary>
    /// Tests ask for <c>io.containerd.skiff.v1</c>; with <c>SKIFF_ISOLATION=node</c> they get <c>io.containerd.skiffnode.v1</c>, so that
    /// the same tests show the same behaviour of guests in shared processes.
    /// </summary>
    public static bool IsNode { get; } = Environment.GetEnvironmentVariable("SKIFF_ISOLATION") == "node";

    public static string Runtime { get; } = IsNode ? "io.containerd.skiffnode.v1" : Ctr.Skiff;

    public static string NodeShim { get; } = Path.Combine(Dist, "bin", "containerd-shim-skiffnode-v1");

    /// <summary>A server for each pod, whatever the run as a whole asks for.</summary>
    public static string PodShim { get; } = Path.Combine(Dist, "bin", "containerd-shim-skiff-v1");

    public static string Shim { get; } = IsNode ? NodeShim : PodShim;

    public static string Skiff { get; } = Path.Combine(Dist, "bin", "skiff");

    /// <summary>The program's folder is <c>artifacts/bin/Functional/debug</c>; the guests are built beside <c>bin</c>.</summary>
    public static string Guests { get; } = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../guests"));

    private static string FindRoot()
    {
        var directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "Skiff.slnx")))
        {
            directory = Path.GetDirectoryName(directory)
                ?? throw new InvalidOperationException($"no Skiff.slnx above {AppContext.BaseDirectory}");
        }

        return directory;
    }
}
