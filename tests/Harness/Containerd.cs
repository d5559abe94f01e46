using System.Diagnostics;
using Grpc.Core;
using Skiff.Harness.Cri;

namespace Skiff.Harness;

/// <summary>A containerd of our own: root, state, sockets and log below one temporary folder. Started, restarted and killed at will.</summary>
internal sealed class Containerd : IAsyncDisposable
{
    private const int SignalTerm = 15;
    private static int _count;
    private Process? _process;

    private Containerd(ContainerdVersion version, string? skiffOptions, string shim)
    {
        Version = version;
        // Short: the path of a Unix socket has room for 107 bytes.
        Folder = Directory.CreateTempSubdirectory("skf").FullName;
        Namespace = $"skf{Environment.ProcessId}-{Interlocked.Increment(ref _count)}";
        ContainerdConfig.Write(Folder, version, shim, skiffOptions ?? "");
        Cache = Path.Combine(Folder, "cache");
        Client = new ContainerdClient(Socket, Namespace);
        Ctr = new Ctr(this);
    }

    public ContainerdVersion Version { get; }

    public string Folder { get; }

    /// <summary>Unique for this instance, so that its control groups can be told from all others.</summary>
    public string Namespace { get; }

    public string Socket => Path.Combine(Folder, "c.sock");

    /// <summary>The compile cache that this node's shims use.</summary>
    public string Cache { get; }

    public ContainerdClient Client { get; }

    public Ctr Ctr { get; }

    public int Pid => _process?.Id ?? throw new InvalidOperationException("containerd is not running");

    public Dictionary<string, string?> ShimEnvironment { get; } = [];

    /// <summary>Files in the shims' socket folder, which all containerds of the machine share, when this node was made.</summary>
    public HashSet<string> SocketsBefore { get; } = Leaks.SocketsNow();

    /// <summary>Network namespaces of pods that were there before.</summary>
    public HashSet<string> NetworksBefore { get; } = Leaks.NetworksNow();

    public bool IsItself(int pid) => _process is not null && _process.Id == pid;

    /// <param name="skiffOptions">TOML for the options of the CRI runtime <c>skiff</c>.</param>
    /// <param name="environment">Variables for containerd, which hands them on to its shims.</param>
    /// <param name="shim">The program that CRI pods get as their shim, else the one of <c>dist/</c>.</param>
    public static async Task<Containerd> StartAsync(
        ContainerdVersion version,
        string? skiffOptions = null,
        IReadOnlyDictionary<string, string?>? environment = null,
        string? shim = null)
    {
        if (!File.Exists(Repository.Shim))
        {
            throw new InvalidOperationException($"{Repository.Shim} is missing: run make publish");
        }

        var node = new Containerd(version, skiffOptions, shim ?? Repository.Shim);
        foreach (var (key, value) in environment ?? new Dictionary<string, string?>())
        {
            node.ShimEnvironment[key] = value;
        }

        await node.StartAsync();
        await node.ImportBasicsAsync();
        return node;
    }

    public async Task StartAsync()
    {
        var log = Path.Combine(Folder, "log");
        // The shell redirects into a file and becomes containerd: a pipe would end with the test process and take containerd along.
        var start = new ProcessStartInfo("/bin/sh", ["-c", $"exec '{Version.Containerd}' -c '{Folder}/config.toml' >>'{log}' 2>&1"])
        {
            WorkingDirectory = "/",
        };
        start.Environment["PATH"] = $"{Path.GetDirectoryName(Repository.Shim)}:{Version.BinaryFolder}:{Environment.GetEnvironmentVariable("PATH")}";
        start.Environment["SKIFF_CACHE"] = Cache;

        start.Environment["SKIFF_IDLE_SECONDS"] = "5";
        foreach (var (key, value) in ShimEnvironment)
        {
            start.Environment[key] = value;
        }

        _process = Process.Start(start) ?? throw new InvalidOperationException("cannot start containerd");
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                if (_process.HasExited)
                {
                    throw new InvalidOperationException($"containerd {Version.Name} ended:\n{Log()}");
                }

                return File.Exists(Socket) && (await Ctr.TryAsync("version")).ExitCode == 0 && await CriAnswersAsync();
            },
            $"containerd {Version.Name} answers\n{Log()}",
            TimeSpan.FromSeconds(30));
    }

    // Its own recovery of pods goes on after the rest of containerd answers.
    private async Task<bool> CriAnswersAsync()
    {
        try
        {
            await Client.Runtime.ListPodSandboxAsync(new ListPodSandboxRequest(), deadline: Pod.Deadline());
            return true;
        }
        catch (RpcException fault) when (fault.StatusCode == StatusCode.Unavailable
            || fault.Status.Detail.Contains("not initialized yet", StringComparison.Ordinal))
        {
            return false;
        }
    }

    public string Log() => File.Exists(Path.Combine(Folder, "log")) ? File.ReadAllText(Path.Combine(Folder, "log")) : "";

    /// <summary>The orderly end, as a package upgrade or <c>systemctl restart</c> brings it about. Shims live on.</summary>
    public Task StopAsync() => EndAsync(() => Signals.Send(Pid, SignalTerm));

    public Task KillAsync() => EndAsync(() => _process!.Kill());

    public async Task RestartAsync()
    {
        await StopAsync();
        await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Leaks.ClearAsync(this);
        if (_process is not null)
        {
            await StopAsync();
        }

        Client.Dispose();
        await Leaks.RemoveTracesAsync(this);
    }

    private async Task EndAsync(Action end)
    {
        var process = _process ?? throw new InvalidOperationException("containerd is not running");
        end();
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        try
        {
            await process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw new TimeoutException($"containerd {Version.Name} did not end within 20 s\n{Log()}");
        }
        finally
        {
            process.Dispose();
            _process = null;
        }
    }

    private async Task ImportBasicsAsync()
    {
        var tar = Path.Combine(Folder, "image.tar");
        Images.WriteRootfs(tar, Images.Guests, "linux/amd64", Images.GuestFiles(), ["/toolbox.wasm"]);
        await Ctr.RunAsync("image", "import", tar);
        (await Ctr.TryInAsync("k8s.io", "image", "import", tar)).Succeeded();
        var pause = new Dictionary<string, string?> { ["/pause"] = Path.Combine(Repository.Guests, "pause") };
        Images.WriteRootfs(tar, Images.Pause, "linux/amd64", pause, ["/pause"]);
        (await Ctr.TryInAsync("k8s.io", "image", "import", tar)).Succeeded();
        File.Delete(tar);
    }
}
