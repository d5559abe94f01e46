using System.Reflection;
using Skiff.Harness;
using Xunit.Sdk;
using Xunit.v3;

namespace Skiff.Functional;

/// <summary>
/// Runs a theory once per containerd, or only on those named. <c>SKIFF_CONTAINERD=2.1</c> narrows a run to one of them.
/// A containerd that is not on the machine is reported as a skipped test, never left out silently.
/// </summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class OnContainerdAttribute(params string[] versions) : DataAttribute
{
    public override bool SupportsDiscoveryEnumeration() => true;

    public override ValueTask<IReadOnlyCollection<ITheoryDataRow>> GetData(MethodInfo testMethod, DisposalTracker disposalTracker)
    {
        var only = Environment.GetEnvironmentVariable("SKIFF_CONTAINERD");
        IReadOnlyCollection<ITheoryDataRow> rows =
        [
            .. ContainerdVersion.All
                .Where(version => versions.Length == 0 || versions.Contains(version.Name))
                .Select(version => new TheoryDataRow<string>(version.Name)
                {
                    Skip = !version.IsInstalled ? $"containerd {version.Name} is not here: run scripts/setup.sh"
                        : only is not null && only != version.Name ? $"SKIFF_CONTAINERD={only}"
                        : null,
                }),
        ];
        return ValueTask.FromResult(rows);
    }
}
