using Skiff.Guest;
using Skiff.Linux;
using Skiff.Runner;

namespace Skiff.Cli;

/// <summary>
/// Has the optimised code of a guest made that runs on baseline code already: by a process of its own (<c>compile --stdin --claimed</c>),
/// which outlives the guest and whoever starts it, under the limits of all compiling and behind everything else that wants a processor.
/// </summary>
internal static class Optimiser
{
    /// <summary>Starts it, unless somebody else is at it or has failed lately.</summary>
    /// <param name="start">Starts a program that nobody waits for.</param>
    /// <param name="bound">As <see cref="CacheLocation.Compiler"/> takes it.</param>
    public static void Start(CodeCache cache, string? bound, CachedModule module, ReadOnlySpan<byte> content, Action<SpawnRequest> start)
    {
        if (!module.Code.IsBaseline || !cache.TryClaim(module.Digest))
        {
            return;
        }

        // The file may be gone, or another one, when the process comes to read it.
        using var input = Descriptors.Memory("skiff-module", content);
        start(new SpawnRequest
        {
            Program = Environment.ProcessPath!,
            Arguments = ["skiff", "compile", "--stdin", "--claimed", "--cache", cache.Root, .. bound is null ? (ReadOnlySpan<string>)[] : ["--cache-max", bound]],
            StandardInput = input,
            NewSession = true,
        });
    }
}
