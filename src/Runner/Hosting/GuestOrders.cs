using Skiff.Guest;
using Skiff.Linux;
using Names = Skiff.Guest.HostProtocol.Descriptor;

namespace Skiff.Runner.Hosting;

/// <summary>Makes of an order what every other way of running a guest begins with.</summary>
internal static class GuestOrders
{
    /// <summary>
    /// What a container gives by itself, which is all of its file tree and of its network, with what the permissions say over it.
    /// </summary>
    /// <param name="usual">What a guest may have of which neither the operator nor the pod says anything.</param>
    /// <param name="parts">Gets what has to stay open for the guest.</param>
    /// <exception cref="GuestException">A permission is not known, or says nothing that could be given.</exception>
    public static GuestSpec Spec(GuestOrder order, GuestDescriptors descriptors, GuestBounds usual, Parts parts)
    {
        if (order.Arguments.Count == 0)
        {
            throw new GuestException("the guest's order has no arguments; the first is its name");
        }

        var permissions = order.Permissions.Select(pair => Named("permission", pair))
            .Aggregate(new GuestPermissions(), static (all, one) => all.With(one.Name, one.Value));
        var bounds = (order.Bounds ?? []).Select(pair => Named("limit", pair))
            .Aggregate(GuestBounds.None, static (all, one) => all.With(one.Name, one.Value));
        var code = descriptors.Code;
        var spec = permissions.ApplyTo(new GuestSpec
        {
            Arguments = order.Arguments,
            Environment = Variables(order),
            Directories = descriptors.Has(Names.Root) ? [new GuestDirectory("/", "/", ReadOnly: false)] : [],
            Export = order.Export,
            Code = new CompiledCode(GuestDescriptors.PathOf(code[0]), order.Kind, [.. code.Skip(1).Select(GuestDescriptors.PathOf)]),
            Network = GuestNetwork.All,
            Limits = GuestLimits.None with { Bounds = bounds.Or(usual) },
        });
        return spec with { Directories = Below(spec.Directories, descriptors, parts) };
    }

    /// <summary>The container's environment, whatever of it the guest may see.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Variables(GuestOrder order) => [.. order.Environment.Select(Variable)];

    private static (string Name, string Value) Named(string what, string[] pair) => pair is [var name, var value]
        ? (name, value)
        : throw new GuestException($"a {what} of the guest's order is not a name and a value");

    private static KeyValuePair<string, string> Variable(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? new(text, "") : new(text[..equals], text[(equals + 1)..]);
    }

    // The paths of a specification are those of the container, whose root directory is not this process's.
    private static List<GuestDirectory> Below(IReadOnlyList<GuestDirectory> directories, GuestDescriptors descriptors, Parts parts)
    {
        if (directories.Count == 0)
        {
            return [];
        }

        if (descriptors.Root is not { } handle)
        {
            throw new GuestException($"{GuestPermissions.AnnotationPrefix}dirs names {directories[0].HostPath}, and this guest has no file tree");
        }

        using var root = new RootDirectory(handle, "the guest's root directory");
        return [.. directories.Select(Open)];

        GuestDirectory Open(GuestDirectory directory)
        {
            var place = root.TryOpenDirectory(directory.HostPath)
                ?? throw new GuestException($"{GuestPermissions.AnnotationPrefix}dirs names {directory.HostPath}, which is no directory of the guest's file tree");
            return directory with { HostPath = GuestDescriptors.PathOf(parts.Add(place)) };
        }
    }
}
