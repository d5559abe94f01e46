using System.Diagnostics;
using Skiff.Components.Linking;

namespace Skiff.Components.Tests.Linking;

public sealed class RealComponentTests(ITestOutputHelper output)
{
    [Fact]
    public void Every_real_component_links_elided_and_plain()
    {
        foreach (var (name, bytes) in RealComponents.All)
        {
            foreach (var elide in new[] { true, false })
            {
                var options = new LinkOptions(elide);
                var cold = Stopwatch.GetTimestamp();
                var plan = Component.Parse(bytes, options);
                var first = Stopwatch.GetElapsedTime(cold).TotalMicroseconds;
                var best = double.MaxValue;
                for (var i = 0; i < 20; i++)
                {
                    var start = Stopwatch.GetTimestamp();
                    Component.Parse(bytes, options);
                    best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalMicroseconds);
                }

                output.WriteLine($"{name}: {bytes.Length} bytes, {plan.Modules.Count} modules, {plan.CoreInstances.Count} core instances "
                    + $"({plan.CoreInstances.Count(i => i.IsLazy)} lazy, {plan.CoreInstances.Count(i => i.IsPrelinkable)} prelinkable), "
                    + $"{plan.Instances.Count} instances, {plan.Trampolines.Count} trampolines ({plan.Trampolines.Count(t => t is Forward)} forwards), "
                    + $"elided {plan.IsElided}, through host {plan.GuestsCallThroughHost}; {first:F0} us first, {best:F0} us best");
            }
        }
    }
}
