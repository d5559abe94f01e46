namespace Skiff.Sandbox.Tests;

public sealed class HostedPlaceTests
{
    [Theory]
    [InlineData("/k8s.io/a", "/k8s.io/a")]
    [InlineData("kubepods-besteffort-pod1.slice:cri-containerd:a", "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod1.slice/cri-containerd-a.scope")]
    [InlineData("relative", null)]
    [InlineData("/", null)]
    [InlineData(null, null)]
    public void The_control_group_lies_where_the_cgroupfs_or_the_systemd_driver_would_make_it(string? cgroupsPath, string? path) =>
        Assert.Equal(path, HostedPlace.PathOf(cgroupsPath));
}
