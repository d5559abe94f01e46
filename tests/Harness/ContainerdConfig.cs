namespace Skiff.Harness;

/// <summary>Writes the configuration of a private containerd: everything of it lies below one folder.</summary>
internal static class ContainerdConfig
{
    private const string IsolationPod = "isolation = \"pod\"\nmax_log_rate = \"1Mi\"";

    /// <param name="shim">The program of every runtime but <c>runc</c>.</param>
    /// <param name="skiffOptions">TOML lines for the options table of the runtime <c>skiff</c>.</param>
    public static void Write(string folder, ContainerdVersion version, string shim, string skiffOptions)
    {
        File.WriteAllText(Path.Combine(folder, "config.toml"), version.IsTwo ? Three(folder, shim, skiffOptions) : Two(folder, shim, skiffOptions, PodOptions(folder, version)));
        WriteNetwork(folder);
    }

    // Of a table of options 1.6 hands on the path of a file alone.
    private static string PodOptions(string folder, ContainerdVersion version)
    {
        if (version.Name != "1.6")
        {
            return IsolationPod;
        }

        var file = Path.Combine(folder, "skiffpod.toml");
        File.WriteAllText(file, IsolationPod);
        return $"ConfigPath = \"{file}\"";
    }

    private static string Head(string folder, int format) => $"""
        version = {format}
        root = "{folder}/root"
        state = "{folder}/state"
        disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.nri.v1.nri", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.aufs", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]
        [grpc]
          address = "{folder}/c.sock"
        [ttrpc]
          address = "{folder}/c.sock.ttrpc"
        [debug]
          level = "info"

        """;

    private static string Two(string folder, string shim, string skiffOptions, string podOptions)
    {
        const string Cri = "plugins.\"io.containerd.grpc.v1.cri\"";
        return Head(folder, 2) + $"""
            [{Cri}]
              sandbox_image = "{Images.Pause}"
              restrict_oom_score_adj = true
              disable_apparmor = true
              stream_server_port = "0"
              [{Cri}.cni]
                bin_dir = "/usr/lib/cni"
                conf_dir = "{folder}/net.d"
              [{Cri}.containerd]
                default_runtime_name = "runc"
            {Runtimes($"{Cri}.containerd.runtimes", shim, skiffOptions, podOptions, "")}
            """;
    }

    /// <remarks>
    /// The runtime with <c>sandboxer = "shim"</c> has no options table: containerd 2.1 then refuses every container of a pod with
    /// "can't unmarshal type runtimeoptions.v1.Options".
    /// </remarks>
    private static string Three(string folder, string shim, string skiffOptions)
    {
        const string Cri = "plugins.\"io.containerd.cri.v1.runtime\"";
        return Head(folder, 3) + $"""
            [plugins."io.containerd.cri.v1.images".pinned_images]
              sandbox = "{Images.Pause}"
            [plugins."io.containerd.grpc.v1.cri"]
              stream_server_port = "0"
            [{Cri}]
              restrict_oom_score_adj = true
              disable_apparmor = true
              enable_cdi = false
              [{Cri}.cni]
                bin_dirs = ["/usr/lib/cni"]
                conf_dir = "{folder}/net.d"
              [{Cri}.containerd]
                default_runtime_name = "runc"
            {Runtimes($"{Cri}.containerd.runtimes", shim, skiffOptions, IsolationPod, $"""
                [{Cri}.containerd.runtimes.skiffsandbox]
                  runtime_type = "{shim}"
                  sandboxer = "shim"
                  pod_annotations = ["*", "skiff.dev/*"]
                [{Cri}.containerd.runtimes.skiffthree]
                  runtime_type = "{shim}"
                [{Cri}.containerd.runtimes.skiffthree.options]
                  task_api = 3
                """)}
            """;
    }

    private static string Runtimes(string table, string shim, string skiffOptions, string podOptions, string further) => $"""
        [{table}.runc]
          runtime_type = "io.containerd.runc.v2"
        [{table}.skiff]
          runtime_type = "{shim}"
          pod_annotations = ["*", "skiff.dev/*"]
          container_annotations = ["*"]
        [{table}.skiff.options]
          {skiffOptions}
        [{table}.skiffnode]
          runtime_type = "{Repository.NodeShim}"
          pod_annotations = ["*", "skiff.dev/*"]
          container_annotations = ["*"]
        [{table}.skiffpod]
          runtime_type = "{Repository.PodShim}"
          pod_annotations = ["*", "skiff.dev/*"]
          container_annotations = ["*"]
        [{table}.skiffpod.options]
          {podOptions}
        [{table}.skiffrunc]
          runtime_type = "{shim}"
        [{table}.skiffrunc.options]
          runtime = "runc"
        {further}
        """;

    /// <summary>A network namespace of its own for each pod: a pair of interfaces and an address from a range of this folder.</summary>
    private static void WriteNetwork(string folder)
    {
        Directory.CreateDirectory(Path.Combine(folder, "net.d"));
        File.WriteAllText(Path.Combine(folder, "net.d/10-ptp.conflist"), $$"""
            {
              "cniVersion": "0.4.0",
              "name": "skiff-test",
              "plugins": [
                {
                  "type": "ptp",
                  "ipMasq": false,
                  "ipam": { "type": "host-local", "subnet": "10.222.0.0/16", "dataDir": "{{folder}}/ipam" }
                }
              ]
            }
            """);
    }
}
