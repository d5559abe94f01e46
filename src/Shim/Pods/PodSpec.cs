using System.Globalization;
using System.Text.Json;
using Skiff.Shim.Protos;

namespace Skiff.Shim.Pods;

/// <summary>
/// Builds the OCI spec of a pod's holder: a process of ours in the pod's namespaces, in the place of a pause container. Its
/// rootfs is empty but for our own static program, so no image is needed.
/// </summary>
internal static class PodSpec
{
    /// <summary>Not <c>rootfs</c>: that folder is containerd's, which cannot remove the bundle when the OCI runtime has left its mount points there.</summary>
    public const string Rootfs = "holder";

    public const string HoldAction = "hold";

    private const string ProgramInside = "/containerd-shim-skiff-hold";

    /// <summary>nobody: it needs no right to anything.</summary>
    private const int UserId = 65534;

    /// <summary>What kubelet gives the pause process: the last to go when memory is short, but before the node's own daemons.</summary>
    private const int OomScoreAdjustment = -998;

    private const int HostnameCharactersMax = 64;

    private static readonly string[] MaskedPaths =
        ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/sched_debug", "/proc/scsi", "/sys/firmware"];

    /// <param name="config">The CRI's description of the pod; empty for a sandbox that was not made by the CRI.</param>
    /// <param name="networkNamespace">Path of the pod's network namespace; empty: the node's.</param>
    /// <param name="program">Path of our own program on the node.</param>
    public static byte[] Build(string id, PodSandboxConfig config, string networkNamespace, string program, int? oomScore)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("ociVersion", "1.0.2");
            WriteProcess(json, oomScore);
            json.WriteStartObject("root");
            json.WriteString("path", Rootfs);
            json.WriteBoolean("readonly", true);
            json.WriteEndObject();
            if (config.Hostname.Length > 0 && SeparateHostname(config))
            {
                json.WriteString("hostname", config.Hostname.Length <= HostnameCharactersMax ? config.Hostname : config.Hostname[..HostnameCharactersMax]);
            }

            WriteMounts(json, program);
            WriteAnnotations(json, id);
            WriteLinux(json, id, config, networkNamespace);
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }

    private static void WriteProcess(Utf8JsonWriter json, int? oomScore)
    {
        json.WriteStartObject("process");
        json.WriteStartObject("user");
        json.WriteNumber("uid", UserId);
        json.WriteNumber("gid", UserId);
        json.WriteEndObject();
        WriteStrings(json, "args", [ProgramInside, HoldAction]);
        WriteStrings(json, "env", ["PATH=/"]);
        json.WriteString("cwd", "/");
        json.WriteBoolean("noNewPrivileges", true);

        // To go below our own score takes a capability that containerd may not have been given.
        json.WriteNumber("oomScoreAdj", Math.Max(OomScoreAdjustment, oomScore ?? OomScoreAdjustment));
        json.WriteEndObject();
    }

    private static void WriteMounts(Utf8JsonWriter json, string program)
    {
        json.WriteStartArray("mounts");
        WriteMount(json, "/proc", "proc", "proc", ["nosuid", "noexec", "nodev"]);
        WriteMount(json, "/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]);
        WriteMount(json, ProgramInside, "bind", program, ["bind", "ro", "nosuid", "nodev"]);
        json.WriteEndArray();
    }

    private static void WriteAnnotations(Utf8JsonWriter json, string id)
    {
        json.WriteStartObject("annotations");
        json.WriteString("io.kubernetes.cri.container-type", "sandbox");
        json.WriteString("io.kubernetes.cri.sandbox-id", id);
        json.WriteEndObject();
    }

    private static void WriteLinux(Utf8JsonWriter json, string id, PodSandboxConfig config, string networkNamespace)
    {
        json.WriteStartObject("linux");
        WriteNamespaces(json, config, networkNamespace);
        if (config.Linux?.Sysctls is { Count: > 0 } sysctls)
        {
            json.WriteStartObject("sysctl");
            foreach (var (name, value) in sysctls)
            {
                json.WriteString(name, value);
            }

            json.WriteEndObject();
        }

        if (CgroupsPath(id, config.Linux?.CgroupParent ?? "") is { } path)
        {
            json.WriteString("cgroupsPath", path);
        }

        json.WriteStartObject("resources");
        json.WriteStartObject("cpu");
        json.WriteNumber("shares", 2);
        json.WriteEndObject();
        json.WriteEndObject();
        WriteStrings(json, "maskedPaths", MaskedPaths);
        WriteStrings(json, "readonlyPaths", ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]);
        json.WriteEndObject();
    }

    private static void WriteNamespaces(Utf8JsonWriter json, PodSandboxConfig config, string networkNamespace)
    {
        var options = config.Linux?.SecurityContext?.NamespaceOptions;
        json.WriteStartArray("namespaces");
        WriteNamespace(json, "mount", null);
        if (options?.Pid != NamespaceMode.Node)
        {
            WriteNamespace(json, "pid", null);
        }

        if (options?.Ipc != NamespaceMode.Node)
        {
            WriteNamespace(json, "ipc", null);
        }

        if (SeparateHostname(config))
        {
            WriteNamespace(json, "uts", null);
        }

        if (networkNamespace.Length > 0)
        {
            WriteNamespace(json, "network", networkNamespace);
        }

        json.WriteEndArray();
    }

    /// <summary>As the CRI does it: a pod in the node's network has the node's name too.</summary>
    private static bool SeparateHostname(PodSandboxConfig config) =>
        config.Linux?.SecurityContext?.NamespaceOptions?.Network != NamespaceMode.Node;

    /// <summary>Below the pod's own group; for systemd in its form <c>slice:prefix:name</c>. Null: where the runtime puts it by itself.</summary>
    private static string? CgroupsPath(string id, string parent) => parent switch
    {
        "" => null,
        _ when parent.EndsWith(".slice", StringComparison.Ordinal) => string.Create(
            CultureInfo.InvariantCulture, $"{Path.GetFileName(parent)}:cri-containerd:{id}"),
        _ => $"{parent.TrimEnd('/')}/{id}",
    };

    private static void WriteMount(Utf8JsonWriter json, string destination, string type, string source, ReadOnlySpan<string> options)
    {
        json.WriteStartObject();
        json.WriteString("destination", destination);
        json.WriteString("type", type);
        json.WriteString("source", source);
        WriteStrings(json, "options", options);
        json.WriteEndObject();
    }

    private static void WriteNamespace(Utf8JsonWriter json, string type, string? path)
    {
        json.WriteStartObject();
        json.WriteString("type", type);
        if (path is not null)
        {
            json.WriteString("path", path);
        }

        json.WriteEndObject();
    }

    private static void WriteStrings(Utf8JsonWriter json, string name, ReadOnlySpan<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }
}
