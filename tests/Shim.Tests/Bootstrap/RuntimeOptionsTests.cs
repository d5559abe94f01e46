using Google.Protobuf;
using Skiff.Shim.Bootstrap;
using Skiff.Shim.Protos;

namespace Skiff.Shim.Tests.Bootstrap;

public sealed class RuntimeOptionsTests
{
    [Fact]
    public void Every_key_is_read()
    {
        var options = Read("""
            runtime = "/usr/bin/crun"
            SystemdCgroup = false
            cache_dir = "/var/cache/skiff"
            cache_max_bytes = 1_000_000
            wait_for_optimised = true
            home = "/opt/skiff"
            task_api = 3
            isolation = "pod"
            sharing = "node"
            idle_seconds = 30
            """);

        Assert.Equal(
            new ShimOptions
            {
                Runtime = "/usr/bin/crun",
                SystemdCgroup = false,
                CacheDirectory = "/var/cache/skiff",
                CacheBytesMax = 1_000_000,
                WaitsForOptimised = true,
                Home = "/opt/skiff",
                TaskApi = 3,
                Isolation = Isolation.Pod,
                Sharing = Sandbox.Sharing.Node,
                IdleTime = TimeSpan.FromSeconds(30),
            },
            options);
    }

    [Fact]
    public void Limits_of_guests_are_read_as_annotations_write_them() => Assert.Equal(
        [new("max-sockets", "100"), new("max-log-rate", "64Ki")],
        Read("max_sockets = 100\nmax_log_rate = '64Ki'").ForSandbox().Bounds);

    [Fact]
    public void Keys_of_runc_do_not_disturb() => Assert.Equal(
        new ShimOptions { Runtime = "runc" },
        Read("BinaryName = 'runc'\nNoPivotRoot = false\nIoUid = 0\nRoot = ''\nCriuPath = ''\nShimCgroup = ''"));

    [Theory]
    [InlineData("colour = 'red'", "colour")]
    [InlineData("'odd key' = 1", "odd key")]
    [InlineData("[nested]\nx = 1", "nested")]
    [InlineData("a.b = 1", "a.b")]
    [InlineData("SystemdCgroup = 'yes'", "SystemdCgroup must be true or false")]
    [InlineData("task_api = 4", "task_api must be a whole number from 2 to 3")]
    [InlineData("cache_dir = 'here'", "cache_dir must be an absolute path")]
    [InlineData("runtime = 3", "runtime must be a text")]
    [InlineData("isolation = 'vm'", "must be \"container\", \"pod\" or \"node\"")]
    [InlineData("sharing = 'all'", "must be \"node\", \"namespace\" or \"pod\"")]
    [InlineData("idle_seconds = 0", "idle_seconds must be a whole number from 1")]
    [InlineData("max_sockets = 0", "runtime option max_sockets: max-sockets: '0' is no number from 1")]
    [InlineData("max_log_rate = true", "max_log_rate must be a text")]
    [InlineData("max_hope = 1", "known are runtime")]
    [InlineData("= = =", "not valid TOML")]
    [InlineData("task_api = 2\ntask_api = 3", "not valid TOML")]
    public void What_cannot_be_honoured_is_named(string toml, string text)
    {
        var refusal = Assert.Throws<ShimException>(() => Read(toml));

        Assert.Contains(text, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_is_read_where_containerd_only_names_it()
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllText(path, "runtime = 'crun'");
            var options = RuntimeOptionsReader.Read(Typed(new RuntimeOptions { ConfigPath = path }));

            Assert.Equal("crun", options.Runtime);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_file_that_is_missing_is_named()
    {
        var refusal = Assert.Throws<ShimException>(
            () => RuntimeOptionsReader.Read(Typed(new RuntimeOptions { ConfigPath = "/does/not/exist.toml" })));

        Assert.Contains("/does/not/exist.toml", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_of_another_runtime_are_refused()
    {
        var refusal = Assert.Throws<ShimException>(
            () => RuntimeOptionsReader.Read(new TypedBytes("containerd.runhcs.v1.Options", new byte[] { 8, 1 })));

        Assert.Contains("containerd.runhcs.v1.Options", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("task_api = 3", 3)]
    [InlineData("SystemdCgroup = true", null)]
    public void Start_reads_the_table_only_if_it_matters(string toml, int? version) => Assert.Equal(
        version, RuntimeOptionsReader.ReadForStart(Typed(new RuntimeOptions { ConfigBody = ByteString.CopyFromUtf8(toml) })).TaskApi);

    [Fact]
    public void A_container_cannot_have_another_home_than_its_pod()
    {
        var server = new ShimOptions { Home = "/opt/skiff" };
        server.RequireSamePlaces(server);
        ShimOptions.Default.RequireSamePlaces(server);

        Assert.Throws<ShimException>(() => new ShimOptions { Home = "/elsewhere" }.RequireSamePlaces(server));
    }

    private static ShimOptions Read(string toml) =>
        RuntimeOptionsReader.Read(Typed(new RuntimeOptions { ConfigBody = ByteString.CopyFromUtf8(toml) }));

    private static TypedBytes Typed(RuntimeOptions options) => new("runtimeoptions.v1.Options", options.ToByteArray());
}
