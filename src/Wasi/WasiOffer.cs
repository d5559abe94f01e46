namespace Skiff.Wasi;

/// <summary>What of WASI Skiff offers to guests, and what to say of the rest.</summary>
public static class WasiOffer
{
    /// <summary>Import module of Preview 1.</summary>
    public const string Preview1 = "wasi_snapshot_preview1";

    /// <summary>The offer in one line, for error texts.</summary>
    public const string Description =
        "Skiff offers WASI Preview 1 (wasi_snapshot_preview1) to core modules and WASI 0.2 (wasi:cli, wasi:clocks, "
        + "wasi:filesystem, wasi:io, wasi:random, wasi:sockets) to components";

    private const string Unstable = "wasi_unstable";
    private static readonly string[] Packages =
        ["wasi:cli", "wasi:clocks", "wasi:filesystem", "wasi:io", "wasi:random", "wasi:sockets"];

    /// <summary>Why an import of a core module is not there, and what helps.</summary>
    public static string Explain(string module) => module switch
    {
        Unstable => "that is WASI Preview 0, which Skiff does not offer yet; build the module with a toolchain of 2020 or later (target wasm32-wasip1)",
        Preview1 => "WASI Preview 1 has no such function",
        "env" => "the linker left the symbol undefined; build for wasm32-wasip1 with everything it needs linked in",
        "wasi" => "that is wasi-threads, which Skiff does not offer",
        _ => Description,
    };

    /// <summary>Whether a component may import this interface, e.g. <c>wasi:io/streams@0.2.3</c>.</summary>
    public static bool Offers(string component)
    {
        var slash = component.IndexOf('/', StringComparison.Ordinal);
        var version = component.IndexOf('@', StringComparison.Ordinal);
        return slash > 0
            && version > slash
            && Packages.Contains(component[..slash])
            && component.AsSpan(version + 1).StartsWith("0.2.");
    }

    /// <summary>Why an import of a component is not there.</summary>
    public static string ExplainInterface(string name)
    {
        if (name.StartsWith("wasi:http/", StringComparison.Ordinal))
        {
            return "wasi:http is not offered yet";
        }

        return name.StartsWith("wasi:", StringComparison.Ordinal) && name.Contains("@0.3", StringComparison.Ordinal)
            ? "WASI 0.3 is not offered yet; build for WASI 0.2"
            : Description;
    }
}
