using Skiff.Shim.Bootstrap;

namespace Skiff.Shim.Tests.Bootstrap;

/// <summary>Every form of stdin, as bytes on the wire (docs/containerd.md 2).</summary>
public sealed class StartInputTests
{
    /// <summary>1.6.20 with CRI: Any{type_url: "runtimeoptions.v1.Options"}, no value.</summary>
    private const string EmptyAny = "0A19" + "72756E74696D656F7074696F6E732E76312E4F7074696F6E73";

    /// <summary>1.7, 2.x: the same with value {config_body: "SystemdCgroup = true\n"}.</summary>
    private const string TomlAny = EmptyAny + "1217" + "1A15" + "53797374656D644367726F7570203D20747275650A";

    /// <summary>ctr and Docker: Any{"containerd.runc.v1.Options", {binary_name: "runc", systemd_cgroup: true}}.</summary>
    private const string RuncAny = "0A1A" + "636F6E7461696E6572642E72756E632E76312E4F7074696F6E73" + "1208" + "320472756E63" + "4801";

    /// <summary>
    /// 2.3: instance_id "c1", namespace "ns", containerd_version "v2.3.4", ttrpc and grpc addresses, and the runtime options as an extension.
    /// </summary>
    private const string Parameters =
        "0A026331" + "12026E73" + "2206" + "76322E332E34" + "2A08" + "2F612E7474727063" + "3202" + "2F61"
        + "4236" + "0A34" + TomlAny;

    [Fact]
    public void Nothing_means_defaults()
    {
        var input = Parse("");

        Assert.Null(input.Options);
        Assert.Equal(ShimOptions.Default, RuntimeOptionsReader.Read(input.Options));
        Assert.False(input.KnowsTaskVersion3);
    }

    [Fact]
    public void An_empty_options_message_means_defaults()
    {
        var input = Parse(EmptyAny);

        Assert.Equal("runtimeoptions.v1.Options", input.Options!.TypeUrl);
        Assert.Equal(ShimOptions.Default, RuntimeOptionsReader.Read(input.Options));
    }

    [Fact]
    public void A_TOML_table_is_read() => Assert.True(RuntimeOptionsReader.Read(Parse(TomlAny).Options).SystemdCgroup);

    [Fact]
    public void Runc_options_are_read()
    {
        var options = RuntimeOptionsReader.Read(Parse(RuncAny).Options);

        Assert.Equal(("runc", (bool?)true), (options.Runtime, options.SystemdCgroup));
    }

    [Fact]
    public void Bootstrap_parameters_are_told_from_an_Any_by_the_flags()
    {
        var input = Parse(Parameters);

        Assert.Equal("/a.ttrpc", input.Parameters!.ContainerdTtrpcAddress);
        Assert.True(input.KnowsTaskVersion3);
        Assert.True(RuntimeOptionsReader.Read(input.Options).SystemdCgroup);
    }

    [Fact]
    public void Bootstrap_parameters_of_somebody_else_are_an_Any()
    {
        var input = StartInput.Parse(Convert.FromHexString("0A026331" + "12026E73"), "c2", "ns");

        Assert.Null(input.Parameters);
        Assert.Equal("c1", input.Options!.TypeUrl);
    }

    [Theory]
    [InlineData("2.0.0", true)]
    [InlineData("v2.3.4", true)]
    [InlineData("v1.7.24", false)]
    [InlineData("10.1", true)]
    [InlineData("", false)]
    [InlineData("unknown", false)]
    public void The_version_tells_whether_task_version_3_is_known(string version, bool known)
    {
        var input = new StartInput(null, new Protos.BootstrapParams { ContainerdVersion = version });

        Assert.Equal(known, input.KnowsTaskVersion3);
    }

    [Theory]
    [InlineData("FF")]
    [InlineData("0A19")]
    public void Garbage_is_refused(string hex) =>
        Assert.Equal(ShimError.InvalidArgument, Assert.Throws<ShimException>(() => Parse(hex)).Error);

    [Fact]
    public void Random_bytes_never_do_worse_than_a_refusal()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = new byte[random.Next(64)];
            random.NextBytes(bytes);
            var failure = Record.Exception(() => RuntimeOptionsReader.Read(StartInput.Parse(bytes, "c1", "ns").Options));
            Assert.True(failure is null or ShimException, $"seed {seed}, input {Convert.ToHexString(bytes)}: {failure}");
        }
    }

    private static StartInput Parse(string hex) => StartInput.Parse(Convert.FromHexString(hex), "c1", "ns");
}
