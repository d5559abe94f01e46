namespace Skiff.Layout.Tests;

/// <summary>The walls, as data: a new room, package or exception gets its line here, with a reason.</summary>
internal static class House
{
    /// <summary>Room → rooms that it may reference (docs/architecture.md).</summary>
    public static readonly IReadOnlyDictionary<string, string[]> Rooms = new Dictionary<string, string[]>
    {
        ["Guest"] = [],
        ["Ttrpc"] = [],
        ["Oci"] = [],
        ["Linux"] = [],
        ["Engine"] = [],
        ["Sandbox"] = ["Guest", "Oci", "Linux"],
        ["Shim"] = ["Guest", "Ttrpc", "Oci", "Linux", "Sandbox"],
        ["Images"] = ["Guest", "Oci", "Linux"],
        ["Components"] = ["Engine"],
        // The source generator: it runs in the compiler, and no program links it.
        ["WitBindings"] = [],
        ["Wasi"] = ["Engine", "Components", "WitBindings", "Linux", "Guest"],
        ["Http"] = ["Engine", "Components", "WitBindings", "Wasi", "Linux", "Guest"],
        ["Runner"] = ["Guest", "Linux", "Engine", "Components", "Wasi", "Http"],
    };

    /// <summary>Test project → rooms that it needs beyond those of the room it tests.</summary>
    public static readonly IReadOnlyDictionary<string, string[]> TestsSeeToo = new Dictionary<string, string[]>
    {
        // They run what the generator makes.
        ["WitBindings.Tests"] = ["Components", "Engine"],
    };

    /// <summary>Program → rooms that it may reference. The shim never links the engine, nor Images with its HTTP/2 client.</summary>
    public static readonly IReadOnlyDictionary<string, string[]> Programs = new Dictionary<string, string[]>
    {
        ["containerd-shim"] = ["Guest", "Ttrpc", "Oci", "Linux", "Sandbox", "Shim"],
        // Ttrpc: `skiff ps` asks the node's shims.
        ["skiff"] = ["Guest", "Oci", "Linux", "Ttrpc", "Images", "Engine", "Components", "Wasi", "Http", "Runner"],
    };

    /// <summary>Rule 3: P/Invoke and unsafe code.</summary>
    public static readonly string[] UnsafeRooms = ["Linux", "Engine"];

    /// <summary>
    /// Package → rooms and programs that may reference it and name its namespace (rule 4). Tests and benchmarks may use any.
    /// Images holds containerd's gRPC client, and so the protobuf messages of containerd's content, image and container
    /// services: the "one folder of one room" of rule 4, linked only into skiff.
    /// </summary>
    public static readonly IReadOnlyDictionary<string, string[]> Packages = new Dictionary<string, string[]>
    {
        // skiff's link step needs the folder of the native library; the managed assembly is in neither.
        ["Wasmtime"] = ["Engine", "skiff"],
        ["Google.Protobuf"] = ["Shim", "Images"],
        ["Grpc.Tools"] = ["Shim", "Images"],
        ["Grpc.Net.Client"] = ["Images"],
        ["Tomlyn"] = ["Shim", "skiff"],
        ["System.CommandLine"] = ["skiff"],
        ["Microsoft.CodeAnalysis.BannedApiAnalyzers"] = ["*"],
        ["Microsoft.CodeAnalysis.CSharp"] = ["WitBindings"],
        ["xunit.v3"] = [],
    };

    /// <summary>Rule 4: Kestrel, the web server, which the framework brings along. Its tests and its benchmark's peer use it too.</summary>
    public static readonly string[] WebServerProjects = ["Http", "Http.Tests", "HttpBench"];

    /// <summary>First words of a package's namespaces: package references flow through project references, so usings are looked at too.</summary>
    public static readonly IReadOnlyDictionary<string, string> PackageOfNamespace = new Dictionary<string, string>
    {
        ["Wasmtime"] = "Wasmtime",
        ["Google.Protobuf"] = "Google.Protobuf",
        ["Grpc"] = "Grpc.Net.Client",
        ["Tomlyn"] = "Tomlyn",
        ["System.CommandLine"] = "System.CommandLine",
    };

    /// <summary>Methods longer than <see cref="SizeRules.MethodLinesMax"/>: "path: method" → reason.</summary>
    public static readonly IReadOnlyDictionary<string, string> LongMethods = new Dictionary<string, string>();

    /// <summary>Files longer than <see cref="SizeRules.FileLinesMax"/>: path → reason.</summary>
    public static readonly IReadOnlyDictionary<string, string> LongFiles = new Dictionary<string, string>();

    /// <summary>Static state that rule 5 would refuse: "path: field" → reason.</summary>
    public static readonly IReadOnlyDictionary<string, string> StaticState = new Dictionary<string, string>
    {
        ["src/Engine/WasmStore.cs: _onThread"] = "Of each thread: whose guest it runs. A host call finds its store by it in a third of the time that the engine takes to tell.",
        ["src/Linux/ChildReaper.cs: _living"] = "Children belong to the process, so two reapers would take each other's ends: this refuses the second.",
    };
}
