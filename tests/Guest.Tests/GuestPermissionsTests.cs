namespace Skiff.Guest.Tests;

public sealed class GuestPermissionsTests
{
    private static readonly GuestSpec Container = new()
    {
        Arguments = ["guest"],
        Environment = [new("A", "1"), new("B", "2")],
        Directories = [new GuestDirectory("/", "/", ReadOnly: false)],
        Code = new CompiledCode("", CodeKind.Module, []),
        Network = GuestNetwork.All,
    };

    [Fact]
    public void What_is_not_said_stays_as_the_place_gives_it()
    {
        var spec = new GuestPermissions().ApplyTo(Container);
        Assert.Equal(Container.Directories, spec.Directories);
        Assert.Equal(["*"], spec.Network.Destinations);
        Assert.Equal(["*"], spec.Network.Listen);
        Assert.Equal(Container.Environment, spec.Environment);
    }

    [Fact]
    public void What_is_said_takes_the_place_of_it()
    {
        var spec = new GuestPermissions()
            .With("dirs", "/data:ro, /tmp\n/host::/guest:rw")
            .With("net", "example.com:443,[fd00::]/8")
            .With("listen", "none")
            .With("env", "B,C=3=4,MISSING")
            .With("memory", "64Mi")
            .With("max-in-flight", "5")
            .With("cpu", "500m")
            .ApplyTo(Container);
        Assert.Equal(
            [new GuestDirectory("/data", "/data", true), new GuestDirectory("/tmp", "/tmp", false), new GuestDirectory("/host", "/guest", false)],
            spec.Directories);
        Assert.Equal(["example.com:443", "[fd00::]/8"], spec.Network.Destinations);
        Assert.Empty(spec.Network.Listen);
        Assert.Equal([new("B", "2"), new("C", "3=4")], spec.Environment);
        Assert.Equal((64L << 20, 0.5, 5), (spec.Limits.MemoryBytes, spec.Limits.Cpu, spec.Limits.Bounds.InFlight));
    }

    [Theory]
    [InlineData("memory", "lots")]
    [InlineData("memory", "0")]
    [InlineData("memory", "9999999999Gi")]
    [InlineData("cpu", "-1")]
    [InlineData("cpu", "0m")]
    [InlineData("cpu", "NaN")]
    [InlineData("max-in-flight", "0")]
    [InlineData("max-in-flight", "many")]
    [InlineData("dirs", ":ro")]
    [InlineData("dirs", "/a::")]
    [InlineData("surprise", "x")]
    public void What_cannot_be_read_is_refused_by_name(string name, string value)
    {
        var fault = Assert.Throws<GuestException>(() => new GuestPermissions().With(name, value));
        Assert.True(fault.Message.Contains(name, StringComparison.Ordinal) || fault.Message.Contains(value, StringComparison.Ordinal), fault.Message);
    }
}
