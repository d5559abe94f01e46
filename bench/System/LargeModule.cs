using Skiff.Harness;

namespace Skiff.Bench;

/// <summary>
/// What the size of a module costs a start whose code is cached: the hello with twelve megabytes that do nothing, against the hello.
/// As large as a JavaScript component, and compiled to as little as the hello itself.
/// </summary>
internal static class LargeModule
{
    private const string Image = "localhost/large:1";
    private const int Bytes = 12 << 20;

    /// <summary>After this time a file of an image is taken for one that stays as it is, and remembered.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(3);

    public static async Task RunAsync(Containerd node, int rounds)
    {
        await ImportAsync(node);
        await Task.Delay(Settling);
        await TaskCycle.RunAsync(node, rounds, [Contender.Crun, Contender.Crun with { Name = "skiff, crun, Wasm hello of 12 MB", Image = Image }]);
    }

    private static async Task ImportAsync(Containerd node)
    {
        var module = Path.Combine(node.Folder, "large.wasm");
        var tar = Path.Combine(node.Folder, "large.tar");
        await File.WriteAllBytesAsync(module, [.. await File.ReadAllBytesAsync(Path.Combine(Repository.Guests, "hello.wasm")), .. CustomSection()]);
        Images.WriteRootfs(tar, Image, "linux/amd64", new Dictionary<string, string?> { [Contender.WasmHello] = module }, [Contender.WasmHello]);
        await node.Ctr.RunAsync("image", "import", tar);
    }

    // Core specification, section 5.5.3: id 0, the length of what follows, a name, bytes of no meaning.
    private static byte[] CustomSection()
    {
        byte[] head = [1, (byte)'x'];
        var length = head.Length + Bytes;
        byte[] number = [(byte)(length | 0x80), (byte)((length >> 7) | 0x80), (byte)((length >> 14) | 0x80), (byte)(length >> 21)];
        return [0, .. number, .. head, .. new byte[Bytes]];
    }
}
