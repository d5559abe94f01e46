using System.Diagnostics;
using System.Net.Sockets;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;
using Skiff.Images.Tests.Protocol;

namespace Skiff.Images.Tests.Containerd;

/// <summary>A real containerd with root, state and socket in a folder of its own; gone, with all it wrote, when disposed.</summary>
internal sealed class PrivateContainerd : IAsyncDisposable
{
    public const string Namespace = "images-test";

    private readonly string _binaries;
    private readonly Process _process;

    private PrivateContainerd(string binaries, string folder)
    {
        (_binaries, Folder) = (binaries, folder);
        // A log in a file and not a pipe: nobody empties the pipe.
        _process = Process.Start("/bin/sh", ["-c", $"exec '{binaries}/containerd' -c '{folder}/config.toml' >'{folder}/log' 2>&1"]);
    }

    public string Folder { get; }

    public string Socket => Path.Combine(Folder, "c.sock");

    /// <summary>Starts version 1.6, 1.7 or 2.1; skips the test where scripts/setup.sh has not put it.</summary>
    public static async Task<PrivateContainerd> StartAsync(string version)
    {
        var binaries = version == "1.6" ? "/usr/bin" : Path.Combine(Repository(), ".cache/containerd", version, "usr/bin");
        Assert.SkipUnless(File.Exists($"{binaries}/containerd"), $"containerd {version} is not installed: run scripts/setup.sh");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "containerd wants root");
        var folder = Directory.CreateTempSubdirectory("ski").FullName;
        await File.WriteAllTextAsync($"{folder}/config.toml", $"""
            version = 2
            root = "{folder}/root"
            state = "{folder}/state"
            disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.cri.v1.runtime", "io.containerd.cri.v1.images", "io.containerd.podsandbox.controller.v1.podsandbox", "io.containerd.internal.v1.opt", "io.containerd.nri.v1.nri"]
            [grpc]
              address = "{folder}/c.sock"
            [ttrpc]
              address = "{folder}/t.sock"
            """);
        var containerd = new PrivateContainerd(binaries, folder);
        try
        {
            await containerd.BecomesReadyAsync();
            return containerd;
        }
        catch
        {
            await containerd.DisposeAsync();
            throw;
        }
    }

    public async Task CtrAsync(params string[] arguments)
    {
        var (exitCode, text) = await TryCtrAsync(arguments);
        Assert.True(exitCode == 0, text);
    }

    public async Task<(int ExitCode, string Text)> TryCtrAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo($"{_binaries}/ctr", ["--address", Socket, "--namespace", Namespace, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var ctr = Process.Start(start)!;
        var texts = await Task.WhenAll(ctr.StandardOutput.ReadToEndAsync(), ctr.StandardError.ReadToEndAsync());
        await ctr.WaitForExitAsync();
        return (ctr.ExitCode, string.Concat(texts));
    }

    /// <summary>A container record by API: <c>ctr container create</c> would unpack the image first, which 1.6 cannot for Wasm layers.</summary>
    public async Task CreateContainerAsync(string id, string image, string entrypoint = "/app.wasm")
    {
        using var channel = GrpcChannel.ForAddress("http://containerd", new GrpcChannelOptions
        {
            DisposeHttpClient = true,
            HttpHandler = new SocketsHttpHandler { ConnectCallback = ConnectAsync },
        });
        var container = new Container
        {
            Id = id,
            Image = image,
            Runtime = new Protocol.Runtime { Name = "io.containerd.runc.v2" },
            Spec = new Any
            {
                TypeUrl = "types.containerd.io/opencontainers/runtime-spec/1/Spec",
                Value = ByteString.CopyFromUtf8(
                    $$"""{"ociVersion":"1.0.2","process":{"cwd":"/","args":["{{entrypoint}}"]},"root":{"path":"rootfs"} }"""),
            },
        };
        await new Containers.ContainersClient(channel).CreateAsync(
            new CreateContainerRequest { Container = container }, new Metadata { { "containerd-namespace", Namespace } });
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private async Task BecomesReadyAsync()
    {
        for (var tries = 0; !File.Exists(Socket) || (await TryCtrAsync("version")).ExitCode != 0; tries++)
        {
            if (tries == 150 || _process.HasExited)
            {
                Assert.Fail("containerd did not start:\n" + await File.ReadAllTextAsync($"{Folder}/log"));
            }

            await Task.Delay(100);
        }
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Socket), cancellation);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Skiff.slnx")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? AppContext.BaseDirectory;
    }
}
