namespace Skiff.Shim.Bootstrap;

/// <summary><c>hold</c>: what this program does as the first process of a pod without pause container (<see cref="Pods.PodSpec"/>).</summary>
internal static class HoldCommand
{
    public const string Action = Pods.PodSpec.HoldAction;
}
