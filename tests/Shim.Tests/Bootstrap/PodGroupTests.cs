using System.Text;
using Skiff.Shim.Bootstrap;

namespace Skiff.Shim.Tests.Bootstrap;

public sealed class PodGroupTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("skiff-group").FullName;

    [Theory]
    [InlineData("""{"annotations":{"io.kubernetes.cri.sandbox-id":"pod"}}""", "pod")]
    [InlineData("""{"annotations":{"io.kubernetes.cri.sandbox-id":"pod","io.containerd.runc.v2.group":"mine"}}""", "mine")]
    [InlineData("""{"annotations":{"io.containerd.runc.v2.group":"mine","io.kubernetes.cri.sandbox-id":"pod"}}""", "mine")]
    [InlineData("""{"annotations":{}}""", "own")]
    [InlineData("""{"annotations":null}""", "own")]
    [InlineData("""{"annotations":{"io.kubernetes.cri.sandbox-id":""}}""", "own")]
    [InlineData("""{"annotations":{"io.kubernetes.cri.sandbox-id":{"x":1},"io.containerd.runc.v2.group":"g"}}""", "g")]
    [InlineData("""{"process":{"env":["annotations=x"],"annotations":{"io.kubernetes.cri.sandbox-id":"trap"}},"linux":[]}""", "own")]
    [InlineData("""{"annotations":{"io.kubernetes.cri.sandbox-\u0069d":"pod"}}""", "pod")]
    public void The_group_comes_from_the_annotations(string config, string group) => Assert.Equal(group, Of(config));

    [Fact]
    public void A_bundle_without_a_spec_is_its_own_group() => Assert.Equal("own", PodGroup.Of($"{_folder}/config.json", "own"));

    [Fact]
    public void A_huge_spec_is_read()
    {
        var config = new StringBuilder("""{"process":{"env":[""");
        config.AppendJoin(',', Enumerable.Range(0, 400_000).Select(i => $"\"VARIABLE_{i}=value\""));
        config.Append("""]},"annotations":{"io.kubernetes.cri.sandbox-id":"pod"}}""");

        Assert.Equal("pod", Of(config.ToString()));
    }

    [Fact]
    public void A_spec_beyond_all_bounds_is_refused()
    {
        using (var file = File.Create($"{_folder}/config.json"))
        {
            file.SetLength(33 * 1024 * 1024);
        }

        Assert.Contains("longer than", Assert.Throws<ShimException>(() => PodGroup.Of($"{_folder}/config.json", "own")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"annotations\":{")]
    [InlineData("{\"process\":")]
    public void A_spec_that_is_no_JSON_object_is_refused(string config) =>
        Assert.Equal(ShimError.InvalidArgument, Assert.Throws<ShimException>(() => Of(config)).Error);

    [Fact]
    public void Deep_nesting_is_refused_and_not_followed() =>
        Assert.Throws<ShimException>(() => Of($$"""{"a":{{new string('[', 100_000)}}"""));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Of(string config)
    {
        File.WriteAllText($"{_folder}/config.json", config);
        return PodGroup.Of($"{_folder}/config.json", "own");
    }
}
