using Skiff.Oci.Runtime;

namespace Skiff.Oci.Tests.Runtime;

public sealed class BundleTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("skiff-oci-");

    public void Dispose() => _folder.Delete(recursive: true);

    private Bundle Load(string json)
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "config.json"), json);
        return Bundle.Load(_folder.FullName);
    }

    [Fact]
    public void A_configuration_is_read_into_records()
    {
        var spec = Load("""
            {
              "ociVersion": "1.2.0",
              "process": {"terminal": true, "user": {"uid": 0}, "args": ["/app.wasm#run", "x"], "env": ["PATH=/bin"], "cwd": "/work"},
              "root": {"path": "rootfs", "readonly": true},
              "hostname": "h",
              "mounts": [
                {"destination": "/proc", "type": "proc", "source": "proc"},
                {"destination": "/data", "source": "data", "options": ["rbind", "ro"]}
              ],
              "annotations": {"a": "1", "b": "2"},
              "hooks": {"prestart": [{"path": "/p"}], "createRuntime": [{"path": "/p"}], "poststart": [{"path": "/p"}], "poststop": [{"path": "/p"}, {"path": "/q"}]},
              "linux": {
                "resources": {"memory": {"limit": 1}},
                "cgroupsPath": "/a/b",
                "intelRdt": {"closID": "x"},
                "namespaces": [{"type": "pid"}, {"type": "network", "path": "/run/netns/x"}]
              }
            }
            """).Spec;

        Assert.Equal("1.2.0", spec.OciVersion);
        Assert.Equal(["/app.wasm#run", "x"], spec.Process!.Args);
        Assert.Equal(["PATH=/bin"], spec.Process.Env);
        Assert.Equal("/work", spec.Process.Cwd);
        Assert.True(spec.Process.Terminal);
        Assert.Equal(new RootSpec("rootfs", true), spec.Root);
        Assert.Equal(["/proc", "/data"], spec.Mounts.Select(m => m.Destination));
        Assert.False(spec.Mounts[0].IsBind);
        Assert.True(spec.Mounts[1].IsBind);
        Assert.Equal("2", spec.Annotations["b"]);
        Assert.Equal(new HookCounts { AtCreate = 2, AtStart = 1, AtDelete = 2 }, spec.Hooks);
        Assert.Equal("/a/b", spec.CgroupsPath);
        Assert.True(spec.HasIntelRdt);
        Assert.Equal([new NamespaceSpec("pid", null), new NamespaceSpec("network", "/run/netns/x")], spec.Namespaces);
    }

    [Fact]
    public void Null_stands_for_absent_as_go_writes_it()
    {
        var spec = Load("""{"ociVersion":"1.0.0","process":null,"root":null,"mounts":null,"annotations":null,"hooks":null,"linux":null}""").Spec;
        Assert.Null(spec.Process);
        Assert.Null(spec.Root);
        Assert.Empty(spec.Mounts);
        Assert.Empty(spec.Annotations);
    }

    [Fact]
    public void Null_is_accepted_in_the_members_of_process_and_linux()
    {
        var spec = Load("""{"ociVersion":"1.0.0","process":{"args":null,"env":null,"cwd":"/"},"linux":{"cgroupsPath":null,"namespaces":null,"x":[1]}}""").Spec;
        Assert.Empty(spec.Process!.Args);
        Assert.Empty(spec.Namespaces);
    }

    [Theory]
    [InlineData("{}", "ociVersion")]
    [InlineData("""{"ociVersion":1}""", "ociVersion")]
    [InlineData("""{"ociVersion":"1","process":{}}""", "process.cwd")]
    [InlineData("""{"ociVersion":"1","process":{"cwd":"/","args":[1]}}""", "process.args")]
    [InlineData("""{"ociVersion":"1","process":{"cwd":"/","terminal":"yes"}}""", "process.terminal")]
    [InlineData("""{"ociVersion":"1","process":[]}""", "process")]
    [InlineData("""{"ociVersion":"1","root":{}}""", "root.path")]
    [InlineData("""{"ociVersion":"1","mounts":[{}]}""", "mounts.destination")]
    [InlineData("""{"ociVersion":"1","mounts":[null]}""", "mounts")]
    [InlineData("""{"ociVersion":"1","annotations":{"a":1}}""", "annotations")]
    [InlineData("""{"ociVersion":"1","linux":{"namespaces":[{}]}}""", "linux.namespaces.type")]
    [InlineData("""{"ociVersion":"\ud800"}""", "ociVersion")]
    [InlineData("""{"ociVersion":"1"} {}""", "JSON")]
    [InlineData("", "JSON")]
    [InlineData("{", "JSON")]
    [InlineData("[]", "object")]
    [InlineData("nonsense", "JSON")]
    public void What_is_wrong_is_named(string json, string named) =>
        Assert.Contains(named, Assert.Throws<OciFormatException>(() => Load(json)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_deeply_nested_configuration_is_refused() =>
        Assert.Throws<OciFormatException>(() => Load("""{"ociVersion":"1","x":""" + new string('[', 100_000)));

    [Fact]
    public void A_huge_configuration_is_refused_before_it_is_read()
    {
        using (var file = File.Create(Path.Combine(_folder.FullName, "config.json")))
        {
            file.SetLength(Bundle.ConfigBytesMax + 1L);
        }

        var fault = Assert.Throws<OciFormatException>(() => Bundle.Load(_folder.FullName));
        Assert.Contains("config.json", fault.Message, StringComparison.Ordinal);
        Assert.Contains("16777217", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_bundle_without_configuration_is_null_or_an_error_that_names_the_folder()
    {
        Assert.Null(Bundle.TryLoad(_folder.FullName));
        Assert.Contains(_folder.FullName, Assert.Throws<OciFormatException>(() => Bundle.Load(_folder.FullName)).Message, StringComparison.Ordinal);
        Assert.Null(Bundle.TryLoad("/nonexistent/bundle"));
    }

    [Fact]
    public void Relative_paths_start_at_the_bundle()
    {
        var bundle = Load("""{"ociVersion":"1","root":{"path":"rootfs"}}""");
        Assert.Equal(Path.Combine(_folder.FullName, "rootfs"), bundle.RootPath);
        Assert.Equal("/abs", bundle.Absolute("/abs"));
    }

    [Fact]
    public void Random_damage_is_an_error_and_never_a_crash()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        var good = """{"ociVersion":"1","process":{"cwd":"/","args":["a","b"],"env":["A=1"]},"root":{"path":"r"},"mounts":[{"destination":"/x","options":["bind"]}],"hooks":{"poststop":[{"path":"/x"}]},"linux":{"namespaces":[{"type":"pid"}]}}"""u8.ToArray();
        for (var round = 0; round < 20_000; round++)
        {
            var damaged = good.ToArray();
            for (var i = random.Next(1, 4); i > 0; i--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            try
            {
                RuntimeSpec.Parse(damaged.AsSpan(0, random.Next(2) == 0 ? damaged.Length : random.Next(damaged.Length)));
            }
            catch (OciFormatException)
            {
            }
            catch (Exception fault)
            {
                Assert.Fail($"seed {seed}: {fault}");
            }
        }
    }
}
