using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Skiff.Harness;

namespace Skiff.Bench;

/// <summary>A way to run a hello: shim, OCI runtime, program.</summary>
/// <param name="Runtime">containerd's runtime type.</param>
/// <param name="Binary">The OCI runtime that the shim is told to use.</param>
/// <param name="Image">Where the program is.</param>
internal sealed record Contender(string Name, string Runtime, string Binary, string Program, string Image = Images.Guests)
{
    public const string WasmHello = "/hello.wasm";
    public const string NativeHello = "/bin/native-hello";

    public static Contender Peer { get; } = new("runc shim, runc, native hello", Ctr.Runc, "runc", NativeHello);

    public static Contender Crun { get; } = new("skiff, crun, Wasm hello", Ctr.Skiff, "crun", WasmHello);

    public static Contender Runc { get; } = new("skiff, runc, Wasm hello", Ctr.Skiff, "runc", WasmHello);

    public static Contender NativeUnderSkiff { get; } = new("skiff, crun, native hello", Ctr.Skiff, "crun", NativeHello);

    public static Contender Node { get; } = new("skiff, isolation node, Wasm hello", Ctr.SkiffNode, "crun", WasmHello);

    public static IReadOnlyList<Contender> All { get; } = [Peer, Crun, Runc, NativeUnderSkiff, Node];

    /// <summary>containerd.runc.v1.Options with its field binary_name (6), which both shims read.</summary>
    public Any Options
    {
        get
        {
            using var stream = new MemoryStream();
            using (var output = new CodedOutputStream(stream, leaveOpen: true))
            {
                output.WriteTag(6, WireFormat.WireType.LengthDelimited);
                output.WriteString(Binary);
            }

            return new Any { TypeUrl = "containerd.runc.v1.Options", Value = ByteString.CopyFrom(stream.ToArray()) };
        }
    }
}
