using System.Text;
using Skiff.Components.Host;
using Skiff.Components.Linking;
using Skiff.Components.Types;

namespace Skiff.Components.Runtime;

/// <summary>Which function and which resource of the host stands for each that a component imports.</summary>
internal sealed class HostBindings
{
    private readonly (HostFunctionDefinition Function, int Interface)[] _functions;
    private readonly ResourceType[] _resources;

    /// <exception cref="ComponentException">Functions are missing or of another type; the message names them all.</exception>
    public HostBindings(LinkPlan plan, HostInterfaces host)
    {
        var faults = new StringBuilder();
        _functions = new (HostFunctionDefinition, int)[plan.ImportedFunctions.Count];
        foreach (var function in plan.ImportedFunctions)
        {
            if (Find(host, function, out var fault) is { } found)
            {
                _functions[function.Index] = found;
            }
            else
            {
                faults.Append(faults.Length == 0 ? "" : "\n").Append(fault);
            }
        }

        if (faults.Length > 0)
        {
            throw new ComponentException(faults.ToString());
        }

        _resources = new ResourceType[plan.ImportedResources.Count];
        foreach (var resource in plan.ImportedResources)
        {
            // One that the host has no type for can only come and go through dynamic functions; it stands for itself there.
            _resources[resource.Index] =
                host.Find(resource.Interface?.Text ?? "")?.Definition.FindResource(resource.Label) ?? (ResourceType)resource;
        }
    }

    public (HostFunctionDefinition Function, int Interface) this[ImportedFunction function] => _functions[function.Index];

    public ResourceType Canonical(ResourceType type) => type is ImportedResourceType imported ? _resources[imported.Index] : type;

    private static (HostFunctionDefinition, int)? Find(HostInterfaces host, ImportedFunction function, out string fault)
    {
        var name = function.Interface?.Text ?? "";
        if (host.Find(name) is not { } offered)
        {
            fault = function.Interface is null
                ? $"the component imports the function '{function.Name}', which is not offered to guests"
                : $"the component imports '{function}', and the interface '{name}' is not offered to guests";
            return null;
        }

        if (offered.Definition.FindFunction(function.Name) is not { } found)
        {
            fault = $"the component imports '{function}', which the offered interface '{offered.Definition}' does not have";
            return null;
        }

        if (found.Type is { } type && !function.Type.StructurallyEquals(type))
        {
            fault = $"the component imports '{function}' as {function.Type}, but '{offered.Definition}' offers {type}";
            return null;
        }

        fault = "";
        return (found, offered.Index);
    }
}
