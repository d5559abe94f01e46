using Skiff.Functional;

namespace Skiff.Conformance;

/// <summary>What the engine's own WASI does otherwise than the specification says, as long as skiff stands on it.</summary>
internal static class EngineWasi
{
    /// <summary>
    /// A rename or link to another file system is <c>io</c> there, <c>rmdir("folder/")</c> is <c>inval</c>, and a cookie of fd_readdir
    /// counts entries, so that those that follow a removed one are left out.
    /// </summary>
    public static readonly IReadOnlySet<string> Failures = new HashSet<string>
    {
        "path_remove_directory", "path_link", "path_rename-files", "other-file-system", "libc-errno", "errors-of-rust",
        "removal-while-reading",
    };

    /// <summary>The engine's own WASI knows no wasi_unstable.</summary>
    public static async Task<bool> IsInUseAsync()
    {
        using var folder = new WorkFolder();
        var result = await SkiffProgram.RunAsync(["run", .. folder.Options, Guest.Needed("unstable.wasm")]);
        return result.Error.Contains("does not offer", StringComparison.Ordinal);
    }
}
