using Skiff.Linux;

namespace Skiff.Shim.Tests.Doubles;

/// <summary>The one reaper of the test process: a second would take the first one's children.</summary>
internal static class TestReaper
{
    public static ChildReaper Instance { get; } = new(TimeProvider.System, subreaper: false);
}
