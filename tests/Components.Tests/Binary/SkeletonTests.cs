using Skiff.Components.Binary;
using Skiff.Components.Linking;

namespace Skiff.Components.Tests.Binary;

public sealed class SkeletonTests(ITestOutputHelper output)
{
    [Fact]
    public void A_skeleton_links_to_the_same_plan()
    {
        foreach (var (name, bytes) in RealComponents.All)
        {
            var skeleton = ComponentSkeleton.Of(bytes);
            output.WriteLine($"{name}: {bytes.Length} -> {skeleton.Length} bytes");
            foreach (var elide in new[] { true, false })
            {
                Assert.Equal(Describe(Component.Parse(bytes, new LinkOptions(elide))), Describe(Component.Parse(skeleton, new LinkOptions(elide))));
            }

            Assert.Equal(skeleton, ComponentSkeleton.Of(skeleton));
        }
    }

    [Fact]
    public void A_large_component_leaves_little()
    {
        var (name, bytes) = RealComponents.All.MaxBy(component => component.Value.Length);
        Assert.True(bytes.Length < 1 << 20 || ComponentSkeleton.Of(bytes).Length < bytes.Length / 20, name);
    }

    [Fact]
    public void A_large_module_keeps_its_segments_as_a_mark()
    {
        // Without them the adapter would be taken for one without effects.
        var text = $"""
            (component
              (core module $m (import "e" "memory" (memory 1)) (data (i32.const 0) "{new string('x', 70_000)}") (elem func $f) (func $f (export "f")))
              (core module $plain (import "e" "memory" (memory 1)) (func $f (export "f") {string.Concat(Enumerable.Repeat("nop ", 70_000))})))
            """;
        var skeleton = ComponentSkeleton.Of(ComponentText.ToBinary(text));
        Assert.InRange(skeleton.Length, 50, 300);
        var modules = ComponentParser.Parse(skeleton).Definitions.OfType<CoreModuleDefinition>().Select(definition => definition.Module).ToList();
        Assert.Equal([true, false], modules.Select(module => module.HasSegments));
        Assert.All(modules, module => Assert.Equal("() -> ()", module.FindExport("f")!.ToString()));
    }

    private static List<string> Describe(LinkPlan plan) =>
    [
        .. plan.CoreInstances.Select(instance => $"{instance.Module.Index} {instance.Owner.Index} {instance.IsLazy} {instance.IsPrelinkable} "
            + string.Join(' ', instance.Imports.Select(item => item switch
            {
                CoreExport export => $"e{export.Index}",
                Trampoline trampoline => $"t{trampoline.Index}",
                _ => "?",
            }))),
        .. plan.CoreExports.Select(export => $"{export.Instance.Index} {export.Name} {export.Type}"),
        .. plan.Trampolines.Select(trampoline => $"{trampoline.GetType().Name} {trampoline.Instance.Index} {trampoline.FunctionType}"),
        .. plan.ImportedFunctions.Select(function => $"{function} {function.Type}"),
        .. plan.LiftedFunctions.Select(function => $"{function.Type} {((CoreExport)function.Target).Index}"),
        .. plan.Exports.Select(export => export.Name),
        $"{plan.Modules.Count} {plan.Instances.Count} {plan.IsElided} {plan.GuestsCallThroughHost}",
    ];
}
