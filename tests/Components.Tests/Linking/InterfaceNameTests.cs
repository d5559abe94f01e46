using Skiff.Components.Linking;

namespace Skiff.Components.Tests.Linking;

public sealed class InterfaceNameTests
{
    [Theory]
    [InlineData("wasi:io/streams@0.2.12", "wasi:io/streams", "0.2.12", "0.2")]
    [InlineData("wasi:io/streams@0.2.0", "wasi:io/streams", "0.2.0", "0.2")]
    [InlineData("wasi:io/streams@0.2", "wasi:io/streams", "0.2", "0.2")]
    [InlineData("a:b/c@1.4.2", "a:b/c", "1.4.2", "1")]
    [InlineData("a:b/c@1", "a:b/c", "1", "1")]
    [InlineData("a:b/c@12.0.0+build.7", "a:b/c", "12.0.0+build.7", "12")]
    [InlineData("a:b/c@0.0.1", "a:b/c", "0.0.1", null)]
    [InlineData("a:b/c@0.2.0-rc-2023-11-10", "a:b/c", "0.2.0-rc-2023-11-10", null)]
    [InlineData("a:b/c@0.2.0-draft", "a:b/c", "0.2.0-draft", null)]
    [InlineData("a:b/c@1.0.0-rc.1+5", "a:b/c", "1.0.0-rc.1+5", null)]
    [InlineData("a:b/c@1.x.0", "a:b/c", "1.x.0", null)]
    [InlineData("a:b/c@1.2.3.4", "a:b/c", "1.2.3.4", null)]
    [InlineData("a:b/c@", "a:b/c@", null, null)]
    [InlineData("a:b/c", "a:b/c", null, null)]
    [InlineData("plain", "plain", null, null)]
    [InlineData("", "", null, null)]
    public void A_name_has_a_path_a_version_and_a_track(string text, string path, string? version, string? track)
    {
        var name = InterfaceName.Parse(text);
        Assert.Equal((text, path, version, track), (name.Text, name.Path, name.Version, name.Track));
        Assert.Equal(text, name.ToString());
    }

    [Theory]
    [InlineData("wasi:io/streams@0.2.12", "wasi:io/streams@0.2.0", true)]
    [InlineData("wasi:io/streams@0.2.0", "wasi:io/streams@0.2.12", true)]
    [InlineData("wasi:io/streams@0.2.6", "wasi:io/streams@0.2", true)]
    [InlineData("wasi:io/streams@0.2.6", "wasi:io/streams@0.3.0", false)]
    [InlineData("wasi:io/streams@0.2.6", "wasi:io/poll@0.2.6", false)]
    [InlineData("wasi:io/streams@0.2.6", "wasi:io/streams", false)]
    [InlineData("wasi:io/streams@0.2.6", "wasi:io/streams@0.2.0-rc-2023-11-10", false)]
    [InlineData("a:b/c@0.2.0-draft", "a:b/c@0.2.0-draft", true)]
    [InlineData("a:b/c@1.9.0", "a:b/c@1.0.3", true)]
    [InlineData("a:b/c@1.9.0", "a:b/c@2.0.3", false)]
    [InlineData("a:b/c@0.0.1", "a:b/c@0.0.2", false)]
    [InlineData("a:b/c@0.0.1", "a:b/c@0.0.1", true)]
    [InlineData("plain", "plain", true)]
    public void A_host_serves_the_imports_of_its_track(string host, string import, bool serves) =>
        Assert.Equal(serves, InterfaceName.Parse(host).Serves(InterfaceName.Parse(import)));

    [Theory]
    [InlineData("0.2.12", "0.2.9", 1)]
    [InlineData("0.2.0", "0.2.0", 0)]
    [InlineData("1.0.0", "1.0.1", -1)]
    [InlineData(null, "0.2.0", -1)]
    [InlineData("99999999999999999999.0.0", "0.2.0", -1)]
    public void Versions_are_ordered_by_their_numbers(string? one, string? other, int order) =>
        Assert.Equal(order, Math.Sign(InterfaceName.CompareVersions(one, other)));
}
