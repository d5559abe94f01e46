using Skiff.Guest;
using Skiff.Oci.Runtime;

namespace Skiff.Sandbox;

/// <summary>What a process runs: a native program as its arguments say, or a guest.</summary>
internal abstract record Entry
{
    /// <summary>The OCI runtime executes the arguments as they are.</summary>
    /// <param name="Missing">Why the program was taken for a native one although it was not found; completes the runtime's error.</param>
    public sealed record Native(string? Missing = null) : Entry;

    /// <summary>The run program executes the code.</summary>
    public sealed record Wasm(GuestCode Code, RunCommand Command) : Entry;
}

/// <summary>Decides for an init or an exec what its arguments mean, and gets the code of a guest.</summary>
internal sealed class EntryResolver(CodeProvider code)
{
    private const string ContainerType = "io.kubernetes.cri.container-type";

    /// <summary>The init of a container whose rootfs is mounted.</summary>
    /// <param name="rootfs">Where it was mounted.</param>
    /// <param name="opened">How it can be opened, where that is seen in another mount namespace only; null: by <paramref name="rootfs"/>.</param>
    public async Task<Entry> OfInitAsync(
        GuestRequest request, Bundle bundle, string rootfs, CancellationToken cancellation, string? opened = null)
    {
        var process = bundle.Spec.Process!;
        if (IsPodSandbox(bundle))
        {
            // The pause container is the CRI's own: native by definition, and on the way of every pod.
            return new Entry.Native();
        }

        var finder = new ModuleFinder(opened ?? rootfs, bundle.Spec.Mounts, bundle.Absolute);
        using (var found = finder.Find(process))
        {
            if (found is { Format: ProgramFormat.Native })
            {
                return new Entry.Native();
            }

            if (found is not null)
            {
                var layers = new RootfsLayers(request.Rootfs, rootfs);
                return Wasm(await code.OfFileAsync(found.File, found.Path, layers, cancellation), request, bundle, process, found.Export);
            }
        }

        var (name, export) = ModuleFinder.Split(ModuleFinder.FirstArgument(process));
        if (request.ContainerdAddress is not { } containerd)
        {
            return new Entry.Native($"'{name}' is not in the rootfs, and there is no containerd to ask for Wasm layers");
        }

        return await code.OfImageAsync(containerd, request.Namespace, request.Id, cancellation) is { } layer
            ? Wasm(layer, request, bundle, process, export)
            : new Entry.Native($"'{name}' is not in the rootfs, and the image has no Wasm layer");
    }

    /// <summary>A further process of a Wasm container.</summary>
    /// <param name="init">What its init runs.</param>
    public async Task<Entry> OfExecAsync(
        ProcessSpec process, GuestRequest request, Bundle bundle, string rootfs, Entry.Wasm init, CancellationToken cancellation)
    {
        var argument = ModuleFinder.FirstArgument(process);
        var (name, export) = ModuleFinder.Split(argument);
        var initName = init.Command.Arguments[0];
        if (name.Length == 0)
        {
            return Wasm(init.Code, request, bundle, process, export, initName);
        }

        using var found = new ModuleFinder(rootfs, bundle.Spec.Mounts, bundle.Absolute).Find(process);
        if (found is { Format: ProgramFormat.Native })
        {
            return new Entry.Native();
        }

        if (found is not null)
        {
            var layers = new RootfsLayers(request.Rootfs, rootfs);
            return Wasm(await code.OfFileAsync(found.File, found.Path, layers, cancellation), request, bundle, process, found.Export);
        }

        return name == initName
            ? Wasm(init.Code, request, bundle, process, export)
            : throw new SandboxException(
                $"'{argument}' is not in this container. In a Wasm container can be exec'd: '#export' of its own module ({initName}), "
                + "'path' or 'path#export' of another module in the rootfs, or a native program in the rootfs.",
                SandboxFault.NotFound);
    }

    /// <summary>The container that holds a pod's namespaces (CRI).</summary>
    public static bool IsPodSandbox(Bundle bundle) => bundle.Spec.Annotations.TryGetValue(ContainerType, out var type) && type == "sandbox";

    // The guest's own name is the path without the export.
    private static Entry.Wasm Wasm(GuestCode code, GuestRequest request, Bundle bundle, ProcessSpec process, string? export, string? name = null)
    {
        name ??= export is null ? process.Args[0] : ModuleFinder.Split(process.Args[0]).Name;
        var command = new RunCommand(code.Kind, export, [name, .. process.Args.Skip(1)])
        {
            Bounds = request.Options.Bounds,
            Permissions = Permissions(bundle),
            IsBaseline = code.IsBaseline,
        };
        return new Entry.Wasm(code, command);
    }

    // The run program reads them: it also says what is wrong with one.
    private static KeyValuePair<string, string>[] Permissions(Bundle bundle) =>
    [
        .. bundle.Spec.Annotations
            .Where(annotation => annotation.Key.StartsWith(GuestPermissions.AnnotationPrefix, StringComparison.Ordinal)
                && annotation.Key != TrustDomain.Annotation)
            .Select(annotation => KeyValuePair.Create(annotation.Key[GuestPermissions.AnnotationPrefix.Length..], annotation.Value))
            .OrderBy(annotation => annotation.Key, StringComparer.Ordinal),
    ];
}
