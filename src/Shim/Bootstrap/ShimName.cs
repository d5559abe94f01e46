namespace Skiff.Shim.Bootstrap;

/// <summary>The names of the shim on a node (docs/configuration.md): one program, behaving by the name it is called by.</summary>
internal static class ShimName
{
    private const string Prefix = "containerd-shim-";

    /// <summary>The runtime type of this name: <c>containerd-shim-skiff-v1</c> is <c>io.containerd.skiff.v1</c>.</summary>
    public static string RuntimeType(string programName)
    {
        var (name, version) = Parts(programName);
        return $"io.containerd.{name}.{version}";
    }

    /// <summary>Where the guests of a shim of this name run, unless the options say it.</summary>
    public static Isolation IsolationOf(string programName) =>
        Parts(programName).Name is "skiffnode" or "wasmtimed" ? Isolation.Node : Isolation.Container;

    /// <exception cref="ShimException">The name stands for something that this version cannot do.</exception>
    public static void RequireServed(string programName)
    {
        var (name, _) = Parts(programName);
        var missing = name switch
        {
            "spin" => "Spin applications",
            "slight" => "slight applications",
            _ => null,
        };
        if (missing is not null)
        {
            throw new ShimException(
                ShimError.Unimplemented,
                $"{Path.GetFileName(programName)}: {missing}: not yet in this version; for Wasm commands use the runtime type io.containerd.skiff.v1");
        }
    }

    private static (string Name, string Version) Parts(string programName)
    {
        var file = Path.GetFileName(programName);
        var dash = file.LastIndexOf("-v", StringComparison.Ordinal);
        return file.StartsWith(Prefix, StringComparison.Ordinal) && dash > Prefix.Length
            ? (file[Prefix.Length..dash], file[(dash + 1)..])
            : ("skiff", "v1");
    }
}
