using Skiff.Engine;

namespace Skiff.Wasi;

/// <summary>What of WASI Skiff offers to guests, and what to say of the rest.</summary>
public static class WasiOffer
{
    /// <summary>Import module of Preview 1.</summary>
    public const string Preview1 = "wasi_snapshot_preview1";

    /// <summary>The offer in one line, for error texts.</summary>
    public const string Description =
        "Skiff offers WASI Preview 1 (wasi_snapshot_preview1, wasi_unstable) to core modules and WASI 0.2 (wasi:cli, wasi:clocks, "
        + "wasi:filesystem, wasi:http, wasi:io, wasi:random, wasi:sockets) to components";

    /// <summary>Import module of Preview 0.</summary>
    public const string Unstable = "wasi_unstable";

    /// <summary>Whether the import is of Preview 1 or 0, by the name of its module.</summary>
    public static bool IsPreview1(ModuleImport import) => import.Module is Preview1 or Unstable;

    /// <summary>Why an import of a core module is not there, and what helps.</summary>
    public static string Explain(string module) => module switch
    {
        Unstable => "WASI Preview 0 has no such function",
        Preview1 => "WASI Preview 1 has no such function",
        "env" => "the linker left the symbol undefined; build for wasm32-wasip1 with everything it needs linked in",
        "wasi" => "that is wasi-threads, which Skiff does not offer",
        _ => Description,
    };

    /// <summary>Why an import of a component is not there.</summary>
    public static string ExplainInterface(string name)
    {
        if (name.StartsWith("wasi:http/incoming-handler", StringComparison.Ordinal))
        {
            return "what imports a handler passes requests on to it: compose it with one";
        }

        if (!name.StartsWith("wasi:", StringComparison.Ordinal))
        {
            return "that is no interface of WASI: another component has to give it, so compose the two into one first";
        }

        return name.Contains("@0.3", StringComparison.Ordinal)
            ? "WASI 0.3 is not offered yet; build for WASI 0.2"
            : Description;
    }
}
