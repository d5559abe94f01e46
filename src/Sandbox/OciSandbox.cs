using Skiff.Linux;
using Skiff.Oci;
using Skiff.Oci.Runtime;

namespace Skiff.Sandbox;

/// <summary>Keeps each guest in an OCI container of its own, made by crun or runc.</summary>
/// <param name="reaper">The process's one reaper, made as subreaper: a container's init becomes our child when its runtime exits.</param>
public sealed class OciSandbox(ChildReaper reaper, SandboxPlaces places, TimeProvider time) : ISandbox
{
    private readonly RuntimeChoice _choice = new(places);
    private readonly SandboxTools _tools = new(reaper, places, new EntryResolver(new CodeProvider(reaper, places, time)), time);

    /// <inheritdoc/>
    public async Task<IGuest> CreateAsync(GuestRequest request, CancellationToken cancellation)
    {
        try
        {
            return await CreateOrFailAsync(request, cancellation);
        }
        catch (Exception fault) when (fault is OciFormatException)
        {
            throw new SandboxException(fault.Message, SandboxFault.InvalidArgument, fault);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new SandboxException($"The container's place cannot be made: {fault.Message}", FaultOf(fault), fault);
        }
        finally
        {
            request.Stdio.Dispose();
        }
    }

    /// <inheritdoc/>
    public async Task RemoveTracesAsync(string bundle, string id, CancellationToken cancellation)
    {
        if (!IsClean(bundle))
        {
            await new Leftovers(reaper, new GuestFolder(bundle), id, time).RemoveAsync(cancellation);
        }
    }

    /// <summary>
    /// True when a bundle holds no traces of a guest. The end of nearly every <c>delete</c>, told without building a sandbox.
    /// </summary>
    public static bool IsClean(string bundle)
    {
        var folder = new GuestFolder(bundle);
        if (folder.Exists)
        {
            return false;
        }

        // What a guest without folder would have left: one system call.
        Mounts.UnmountAll(folder.Rootfs);
        return true;
    }

    private async Task<OciGuest> CreateOrFailAsync(GuestRequest request, CancellationToken cancellation)
    {
        RequireId(request.Id);
        var bundle = Bundle.Load(request.Bundle);
        if (bundle.Spec.Process is null)
        {
            throw new SandboxException($"{request.Bundle}/config.json has no process: there is nothing to run.", SandboxFault.InvalidArgument);
        }

        var folder = new GuestFolder(bundle.Path);
        Entry? entry = null;
        try
        {
            folder.Make();
            var rootfs = MountRootfs(request, bundle, folder);
            entry = await _tools.Entries.OfInitAsync(request, bundle, rootfs, cancellation);
            var root = entry is Entry.Wasm ? GuestRoot.WithPlaceForHome(folder, rootfs) : new GuestRoot(rootfs, Sealed: false);
            return await LaunchAsync(new GuestMaking(request, bundle, folder, root, entry), cancellation);
        }
        catch (Exception fault)
        {
            (entry as Entry.Wasm)?.Code.Dispose();
            await UnwindAsync(folder, request.Id, fault);
            throw;
        }
    }

    private static string MountRootfs(GuestRequest request, Bundle bundle, GuestFolder folder)
    {
        if (request.Rootfs.Count == 0)
        {
            return bundle.RootPath ?? throw new SandboxException(
                $"{request.Bundle}/config.json has no root.path and containerd hands over no mounts: there is no rootfs.", SandboxFault.InvalidArgument);
        }

        Directory.CreateDirectory(folder.Rootfs);
        foreach (var mount in request.Rootfs)
        {
            Mounts.Mount(mount, folder.Rootfs);
        }

        return folder.Rootfs;
    }

    private async Task<OciGuest> LaunchAsync(GuestMaking making, CancellationToken cancellation)
    {
        var candidates = _choice.Candidates(making.Request.Options.Runtime);
        File.WriteAllBytes(making.Folder.Config, making.Config(places.Home));
        try
        {
            return await making.LaunchAsync(Runtime(making, candidates[0]), _tools, cancellation);
        }
        catch (SandboxException fault) when (candidates.Count > 1 && RuntimeError.IsUnfitNode(fault.Message))
        {
            await new Leftovers(reaper, making.Folder, making.Request.Id, time).RemoveContainerAsync(cancellation);
            var guest = await making.LaunchAsync(Runtime(making, candidates[1]), _tools, cancellation);
            _choice.MarkUnfit(candidates[0]);
            return guest;
        }
        catch (SandboxException fault) when (making.Entry is Entry.Native { Missing: { } missing } && fault.Fault == SandboxFault.NotFound)
        {
            throw new SandboxException($"{fault.Message} ({missing})", fault.Fault, fault);
        }
    }

    private OciRuntime Runtime(GuestMaking making, string program)
    {
        // cgroupsPath of the form slice:prefix:name is how CRI says that the node uses the systemd driver.
        var systemd = making.Request.Options.SystemdCgroup
            ?? making.Bundle.Spec.CgroupsPath is { } path && path.Count(c => c == ':') == 2 && path[0] != '/';
        return new OciRuntime(reaper, program, making.Folder, making.Request.Id, systemd);
    }

    private async Task UnwindAsync(GuestFolder folder, string id, Exception cause)
    {
        try
        {
            // Not cancelled with the rest: a cancelled Create must leave nothing either.
            await new Leftovers(reaper, folder, id, time).RemoveAsync(CancellationToken.None);
        }
        catch (Exception fault) when (fault is SandboxException or IOException or UnauthorizedAccessException)
        {
            throw new SandboxException($"{cause.Message} And what was made cannot be removed: {fault.Message}", SandboxFault.Internal, cause);
        }
    }

    // The id becomes a word of the runtime's command line and the name of a folder; containerd's own rule is stricter.
    internal static void RequireId(string id)
    {
        if (id.Length is 0 or > 1024 || id[0] is '-' or '.' || id.Contains('/', StringComparison.Ordinal) || id.Contains('\0', StringComparison.Ordinal))
        {
            throw new SandboxException($"'{id}' cannot be the id of a container.", SandboxFault.InvalidArgument);
        }
    }

    private static SandboxFault FaultOf(Exception fault) =>
        fault is IOException { HResult: NoSpace } or LinuxException { Errno: NoSpace or NoMemory } ? SandboxFault.ResourceExhausted : SandboxFault.Internal;

    private const int NoMemory = 12;
    private const int NoSpace = 28;
}
