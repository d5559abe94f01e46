using System.Runtime.InteropServices;
using Skiff.Oci.Image;

namespace Skiff.Images;

/// <summary>Which manifest of an index holds the Wasm.</summary>
internal static class PlatformChoice
{
    // GOARCH names, as image-spec asks ("Image Index", platform.architecture).
    private static readonly string NodeArchitecture = RuntimeInformation.OSArchitecture switch
    {
        Architecture.X64 => "amd64",
        Architecture.Arm64 => "arm64",
        var other => other.ToString().ToLowerInvariant(),
    };

    /// <summary>
    /// The best entry; the first one of equals, as containerd chooses. Null if none can be meant for us: BuildKit's attestations,
    /// for one, stand in an index as <c>unknown/unknown</c>.
    /// </summary>
    public static Descriptor? Choose(IReadOnlyList<Descriptor> manifests)
    {
        Descriptor? best = null;
        var bestRank = int.MaxValue;
        foreach (var manifest in manifests)
        {
            if (Rank(manifest.Platform) is { } rank && rank < bestRank)
            {
                (best, bestRank) = (manifest, rank);
            }
        }

        return best;
    }

    private static int? Rank(Platform? platform) => platform switch
    {
        { Os: "wasi", IsWasm: true } => 0,
        { Os: "wasip1", IsWasm: true } => 1,
        { Os: "wasip2", IsWasm: true } => 2,
        { IsWasm: true } => 3,
        { Os: "linux" } when platform.Architecture == NodeArchitecture => 4,
        // An index of one artifact, as `oras` and some registries write it.
        null => 5,
        _ => null,
    };
}
