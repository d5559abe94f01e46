using Skiff.Shim.Bootstrap;
using Skiff.Shim.Protos;

namespace Skiff.Shim.Tests.Bootstrap;

public sealed class InfoCommandTests
{
    [Fact]
    public void Info_needs_no_input()
    {
        var info = RuntimeInfo.Parser.ParseFrom(InfoCommand.Info("/usr/bin/containerd-shim-skiff-v1", []));

        Assert.Equal("io.containerd.skiff.v1", info.Name);
        Assert.Equal(ShimVersion.Version, info.Version.Version);
        Assert.Null(info.Options);
    }

    [Fact]
    public void Info_answers_the_options_it_was_asked_with()
    {
        byte[] any = [0x0A, 1, (byte)'x', 0x12, 2, 8, 1];

        var info = RuntimeInfo.Parser.ParseFrom(InfoCommand.Info("shim", any));

        Assert.Equal("x", info.Options.TypeUrl);
        Assert.Equal([8, 1], info.Options.Value.ToByteArray());
    }

    [Fact]
    public void Version_has_the_form_of_containerds_own() =>
        Assert.Matches(@"\A/bin/shim:\n  Version:  \S+\n  Revision: \S+\n\z", InfoCommand.Version("/bin/shim"));
}
