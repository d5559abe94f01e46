using System.Net.Sockets;
using Skiff.Images.Containerd;
using Skiff.Images.Pack;

namespace Skiff.Images.Tests.Containerd;

/// <summary>Against real containerds: what was packed is imported and found again.</summary>
public sealed class ContainerdStoreTests
{
    private const long ModuleBytesMax = 16 * 1024 * 1024;

    private const string Image = "docker.io/library/hello:latest";

    [Theory]
    [InlineData("1.6", ImageForm.Layer, "--no-unpack")]
    [InlineData("1.6", ImageForm.Artifact, "--no-unpack")]
    [InlineData("1.7", ImageForm.Layer, null)]
    [InlineData("1.7", ImageForm.Artifact, null)]
    [InlineData("2.1", ImageForm.Layer, null)]
    [InlineData("2.1", ImageForm.Artifact, null)]
    public async Task A_packed_module_is_found_and_read(string version, ImageForm form, string? flag)
    {
        await using var containerd = await PrivateContainerd.StartAsync(version);
        // Larger than one message of Content.Read.
        byte[] module = [.. Wasm.Module, .. new byte[3_000_000]];
        await ImportAsync(containerd, module, form, flag);
        await containerd.CreateContainerAsync("c1", Image);
        using var store = new ContainerdStore("unix://" + containerd.Socket, PrivateContainerd.Namespace);
        var finder = new LayerFinder(store);

        var found = await finder.FindAsync("c1", default);

        Assert.NotNull(found.Layer);
        Assert.Equal(module, await finder.ReadAsync(found.Layer, ModuleBytesMax, default));
    }

    [Theory]
    [InlineData("1.6")]
    [InlineData("1.7")]
    [InlineData("2.1")]
    public async Task A_rootfs_image_is_unpacked_by_containerd_and_has_no_module_layer(string version)
    {
        await using var containerd = await PrivateContainerd.StartAsync(version);
        await ImportAsync(containerd, Wasm.Module, ImageForm.RootFs, null);
        await containerd.CtrAsync("container", "create", Image, "c1");
        using var store = new ContainerdStore(containerd.Socket, PrivateContainerd.Namespace);

        Assert.Null((await new LayerFinder(store).FindAsync("c1", default)).Layer);
    }

    [Fact]
    public async Task What_is_missing_is_named_with_what_to_do()
    {
        await using var containerd = await PrivateContainerd.StartAsync("1.6");
        await ImportAsync(containerd, Wasm.Module, ImageForm.Layer, "--no-unpack");
        await containerd.CreateContainerAsync("c1", Image);
        await containerd.CreateContainerAsync("c2", "docker.io/library/other:latest");
        using var store = new ContainerdStore(containerd.Socket, PrivateContainerd.Namespace);
        using var elsewhere = new ContainerdStore(containerd.Socket, "elsewhere");
        var finder = new LayerFinder(store);
        var layer = (await finder.FindAsync("c1", default)).Layer!;
        await containerd.CtrAsync("content", "rm", layer.Digest);

        Assert.Contains("container 'c0'", await RefusedAsync(() => finder.FindAsync("c0", default)));
        Assert.Contains("image 'docker.io/library/other:latest'", await RefusedAsync(() => finder.FindAsync("c2", default)));
        Assert.Contains("another namespace", await RefusedAsync(() => new LayerFinder(elsewhere).FindAsync("c1", default)));
        Assert.Contains("pull the image again", await RefusedAsync(() => finder.ReadAsync(layer, ModuleBytesMax, default)));
    }

    [Fact]
    public async Task A_missing_socket_is_named()
    {
        using var store = new ContainerdStore("/nowhere/containerd.sock", PrivateContainerd.Namespace);

        Assert.Contains("/nowhere/containerd.sock", await RefusedAsync(() => store.GetContainerAsync("c1", default)));
    }

    [Fact]
    public async Task A_containerd_that_does_not_answer_is_not_waited_for()
    {
        using var socket = new ListeningSocket();
        using var store = new ContainerdStore(socket.Path, PrivateContainerd.Namespace, TimeSpan.FromMilliseconds(200));

        Assert.Contains("did not answer within 0.2 s", await RefusedAsync(() => store.GetContainerAsync("c1", default)));
    }

    [Fact]
    public async Task A_caller_that_gives_up_is_told_so()
    {
        using var socket = new ListeningSocket();
        using var store = new ContainerdStore(socket.Path, PrivateContainerd.Namespace);
        using var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.GetContainerAsync("c1", cancellation.Token));
    }

    [Fact]
    public async Task A_socket_that_speaks_something_else_is_refused()
    {
        using var socket = new ListeningSocket();
        using var store = new ContainerdStore(socket.Path, PrivateContainerd.Namespace, TimeSpan.FromSeconds(10));
        var asked = RefusedAsync(() => store.GetContainerAsync("c1", default));
        using var connection = await socket.AcceptAsync();
        await connection.SendAsync("HTTP/1.1 400 Bad Request\r\n\r\nwhat?\r\n\r\n"u8.ToArray());

        Assert.Contains(socket.Path, await asked);
    }

    private static async Task ImportAsync(PrivateContainerd containerd, byte[] module, ImageForm form, string? flag)
    {
        var path = Path.Combine(containerd.Folder, "hello.wasm");
        var tar = Path.Combine(containerd.Folder, "hello.tar");
        await File.WriteAllBytesAsync(path, module);
        PackedImage packed;
        await using (var output = File.Create(tar))
        {
            packed = ImagePacker.Write(new PackRequest { Module = path, Form = form }, output);
        }

        Assert.Equal(Image, packed.Name.ToString());
        string[] flags = flag is null ? [] : [flag];
        await containerd.CtrAsync(
            ["image", "import", "--platform", PlatformName.Format(packed.Platform), .. flags, tar]);
    }

    private static async Task<string> RefusedAsync(Func<Task> ask) => (await Assert.ThrowsAsync<ImageException>(ask)).Message;

    private sealed class ListeningSocket : IDisposable
    {
        private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

        public ListeningSocket()
        {
            Path = System.IO.Path.Combine(Directory.CreateTempSubdirectory("ski").FullName, "c.sock");
            _socket.Bind(new UnixDomainSocketEndPoint(Path));
            _socket.Listen();
        }

        public string Path { get; }

        public Task<Socket> AcceptAsync() => _socket.AcceptAsync();

        public void Dispose()
        {
            _socket.Dispose();
            Directory.Delete(System.IO.Path.GetDirectoryName(Path)!, recursive: true);
        }
    }
}
