using System.CommandLine;
using Skiff.Guest;
using Skiff.Linux;
using Skiff.Runner;

namespace Skiff.Cli;

/// <summary>Where compiled code is kept: <c>--cache</c>, else SKIFF_CACHE, else the node's folder (root) or the user's.</summary>
internal static class CacheLocation
{
    public const string Variable = "SKIFF_CACHE";

    private const string Node = "/var/lib/skiff/cache";

    public static Option<string?> Option() => new("--cache")
    {
        Description = $"Folder of compiled code (else ${Variable}, else {Node} for root, else the user's cache folder)",
        HelpName = "DIR",
    };

    public static CodeCache Open(string? folder) => new(Path.GetFullPath(folder ?? Default()));

    public static Option<string?> MaxOption() => new("--cache-max") { Description = "Bound of the cache (default 4g)", HelpName = "SIZE" };

    public static Option<bool> OptimisedOption() => new("--optimised")
    {
        Description = "Wait for optimised code, instead of starting with the baseline compiler's while that is made",
    };

    /// <param name="bound">The value of <see cref="MaxOption"/>.</param>
    public static ModuleCompiler Compiler(CodeCache cache, string? bound = null) =>
        new(cache, FileLock.Acquire, bound is null ? CodeCache.BytesMaxDefault : Quantity.Bytes(bound));

    private static string Default()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } chosen)
        {
            return chosen;
        }

        if (Environment.IsPrivilegedProcess)
        {
            return Node;
        }

        // XDG Base Directory Specification: a relative path there is to be ignored.
        var user = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        return Path.Combine(
            Path.IsPathRooted(user) ? user : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
            "skiff");
    }
}
