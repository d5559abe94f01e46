using Skiff.Guest;
using Skiff.Oci.Runtime;

namespace Skiff.Sandbox;

/// <summary>Whose guests may run in one process: the name of the process that a guest is given to.</summary>
public static class TrustDomain
{
    /// <summary>A pod may ask for less company than the operator allows, never for more.</summary>
    public const string Annotation = GuestPermissions.AnnotationPrefix + "sharing";

    private const string PodNamespace = "io.kubernetes.cri.sandbox-namespace";
    private const string PodId = "io.kubernetes.cri.sandbox-id";

    /// <exception cref="SandboxException">The annotation's value is not known.</exception>
    internal static string Of(GuestRequest request, Bundle bundle)
    {
        var annotations = bundle.Spec.Annotations;
        var sharing = request.Options.Sharing;
        if (annotations.TryGetValue(Annotation, out var wish))
        {
            var wanted = Parse(wish) ?? throw new SandboxException(
                $"annotation {Annotation} is '{wish}': it can be node, namespace or pod.", SandboxFault.InvalidArgument);
            sharing = wanted > sharing ? wanted : sharing;
        }

        return sharing switch
        {
            Sharing.Node => "node",
            Sharing.Namespace => $"namespace {annotations.GetValueOrDefault(PodNamespace, request.Namespace)}",
            _ => $"pod {PodOf(request, bundle)}",
        };
    }

    /// <summary>The pod's id; a container without a pod is its own.</summary>
    internal static string PodOf(GuestRequest request, Bundle bundle) => bundle.Spec.Annotations.GetValueOrDefault(PodId, request.Id);

    /// <summary>The words of the annotation and of the option; null: there is no such one.</summary>
    public static Sharing? Parse(string text) => text switch
    {
        "node" => Sharing.Node,
        "namespace" => Sharing.Namespace,
        "pod" => Sharing.Pod,
        _ => null,
    };
}
