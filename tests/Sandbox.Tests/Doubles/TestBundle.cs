using System.Text.Json.Nodes;
using Microsoft.Win32.SafeHandles;
using Skiff.Linux;

namespace Skiff.Sandbox.Tests.Doubles;

/// <summary>A bundle as containerd makes it, with an image folder that is bind-mounted as rootfs, and a file for each output.</summary>
public sealed class TestBundle : IDisposable
{
    private static int _count;

    private readonly SandboxFixture _fixture;

    public TestBundle(SandboxFixture fixture, params IReadOnlyList<string> arguments)
    {
        _fixture = fixture;
        Id = $"skiff-test-{Environment.ProcessId}-{Interlocked.Increment(ref _count)}-x";
        Folder = Path.Combine(fixture.Folder, Id);
        Directory.CreateDirectory(Image);
        File.Copy(fixture.NativeProgram, Path.Combine(Image, "native"));
        Spec = (JsonObject)JsonNode.Parse(
            $$"""
            {
              "ociVersion": "1.1.0",
              "process": {
                "user": {"uid": 0, "gid": 0},
                "args": [],
                "env": ["PATH=/bin:/"],
                "cwd": "/",
                "capabilities": {"bounding": ["CAP_KILL"], "effective": ["CAP_KILL"], "permitted": ["CAP_KILL"]},
                "noNewPrivileges": true
              },
              "root": {"path": "rootfs"},
              "hostname": "test",
              "mounts": [
                {"destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid", "noexec", "nodev"]},
                {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
                {"destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]}
              ],
              "linux": {
                "cgroupsPath": "/skiff-test/{{Id}}",
                "resources": {"devices": [{"allow": false, "access": "rwm"}]},
                "namespaces": [{"type": "pid"}, {"type": "ipc"}, {"type": "uts"}, {"type": "mount"}, {"type": "network"}]
              }
            }
            """)!;
        Arguments = arguments;
    }

    public string Id { get; }

    public string Folder { get; }

    /// <summary>What becomes the rootfs.</summary>
    public string Image => Path.Combine(Folder, "image");

    public JsonObject Spec { get; }

    public string? Runtime { get; set; }

    public string? Containerd { get; set; }

    public bool Terminal { get; set; }

    /// <summary>As containerd hands out a snapshot that is only looked at.</summary>
    public bool ReadOnly { get; set; }

    public IReadOnlyList<string> Arguments
    {
        set => Process["args"] = new JsonArray([.. value.Select(a => JsonValue.Create(a))]);
    }

    public JsonObject Process => (JsonObject)Spec["process"]!;

    public JsonObject Linux => (JsonObject)Spec["linux"]!;

    public string Output => File.ReadAllText(Path.Combine(Folder, "out"));

    public string ErrorOutput => File.ReadAllText(Path.Combine(Folder, "err"));

    public void Put(string path, ReadOnlySpan<byte> content)
    {
        var file = Path.Combine(Image, path.TrimStart('/'));
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, content);
    }

    public GuestRequest Request()
    {
        File.WriteAllText(Path.Combine(Folder, "config.json"), Spec.ToJsonString());
        return new GuestRequest
        {
            Namespace = "test",
            Id = Id,
            Bundle = Folder,
            Rootfs = [new MountPoint("bind", Image, "", ["rbind", ReadOnly ? "ro" : "rw"])],
            Stdio = Terminal ? new GuestStdio(null, null, null, Terminal: true) : Stdio("out", "err"),
            ContainerdAddress = Containerd,
            Options = new SandboxOptions { Runtime = Runtime },
        };
    }

    public GuestStdio Stdio(string output, string errors) => new(null, Append(output), Append(errors), Terminal: false);

    public Task<IGuest> CreateAsync(SandboxPlaces? places = null) =>
        _fixture.Sandbox(places).CreateAsync(Request(), TestContext.Current.CancellationToken);

    /// <summary>What a guest can leave behind; empty when nothing is.</summary>
    public IReadOnlyList<string> Traces()
    {
        List<string> traces = [];
        if (Directory.Exists(Path.Combine(Folder, "skiff")))
        {
            traces.Add("BUNDLE/skiff");
        }

        traces.AddRange(File.ReadLines("/proc/self/mountinfo").Where(line => line.Contains(Id, StringComparison.Ordinal)));
        traces.AddRange(Directory.EnumerateDirectories("/sys/fs/cgroup", Id, new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 3, ReturnSpecialDirectories = false }));
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(p => char.IsDigit(Path.GetFileName(p)[0]) && p != $"/proc/{Environment.ProcessId}"))
        {
            try
            {
                if (File.ReadAllText(process + "/cmdline").Contains(Id, StringComparison.Ordinal)
                    || File.ReadAllText(process + "/cgroup").Contains(Id, StringComparison.Ordinal))
                {
                    traces.Add(process);
                }
            }
            catch (IOException)
            {
                // It has ended meanwhile: no trace.
            }
        }

        return traces;
    }

    public void Dispose()
    {
        Mounts.UnmountAll(Path.Combine(Folder, "rootfs"));
        Directory.Delete(Folder, recursive: true);
    }

    private SafeFileHandle Append(string name) => Descriptors.OpenAppend(Path.Combine(Folder, name));
}
