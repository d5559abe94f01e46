using Skiff.Components.Binary;

namespace Skiff.Components.Linking;

/// <summary>Evaluates everything of a component that does not depend on a run (Explainer.md: all of it but core instantiation).</summary>
internal static class Linker
{
    /// <exception cref="ComponentException">The component breaks a rule, exceeds a bound, or needs what this version cannot do.</exception>
    public static LinkPlan Link(ComponentSyntax component, LinkOptions options)
    {
        if (options.Elide)
        {
            try
            {
                return Link(component, elide: true);
            }
            catch (NotElidableException)
            {
                // Something only looked like a shim.
            }
        }

        return Link(component, elide: false);
    }

    private static LinkPlan Link(ComponentSyntax component, bool elide)
    {
        var plan = new PlanBuilder();
        var exports = new ComponentEvaluator(plan, elide).Run(component);
        return plan.Build(exports);
    }
}
