using Skiff.Linux;
using Skiff.Oci;
using Skiff.Oci.Runtime;

namespace Skiff.Sandbox;

/// <summary>What every guest of a hosted sandbox is made and kept with.</summary>
internal sealed record HostedTools(ChildReaper Reaper, GuestHosts Hosts, EntryResolver Entries, PauseProgram Pause, TimeProvider Time);

/// <summary>
/// Gives Wasm guests to guest hosts, processes that many of them share (isolation <c>node</c> and <c>pod</c>). Native programs, the
/// pause container of a pod among them, go into containers of their own all the same.
/// </summary>
/// <param name="natives">Takes what is no guest.</param>
public sealed class HostedSandbox(ChildReaper reaper, SandboxPlaces places, ISandbox natives, TimeProvider time) : ISandbox, IDisposable
{
    private readonly GuestHosts _hosts = new(reaper, places, time);
    private readonly PauseProgram _pause = new();
    private readonly MessengerThread _messenger = new();

    // The optimising compiler has the better record, and here Wasm is the wall; and all guests of a process share one engine.
    private readonly EntryResolver _entries = new(new CodeProvider(reaper, places with { WaitsForOptimised = true }, time));

    private HostedTools Tools => new(reaper, _hosts, _entries, _pause, time);

    /// <inheritdoc/>
    public async Task<IGuest> CreateAsync(GuestRequest request, CancellationToken cancellation)
    {
        try
        {
            return await CreateOrFailAsync(request, cancellation) ?? await natives.CreateAsync(request, cancellation);
        }
        catch (OciFormatException fault)
        {
            throw new SandboxException(fault.Message, SandboxFault.InvalidArgument, fault);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new SandboxException($"The guest's place cannot be made: {fault.Message}", SandboxFault.Internal, fault);
        }
        finally
        {
            request.Stdio.Dispose();
        }
    }

    /// <inheritdoc/>
    public Task RemoveTracesAsync(string bundle, string id, CancellationToken cancellation) => natives.RemoveTracesAsync(bundle, id, cancellation);

    public void Dispose()
    {
        _hosts.Dispose();
        _pause.Dispose();
        _messenger.Dispose();
    }

    /// <summary>With a terminal, a new one and its slave side as the guest's stdio; else what there is.</summary>
    internal static (Terminal? Terminal, GuestStdio Ends) OpenTerminal(GuestStdio stdio)
    {
        if (!stdio.Terminal)
        {
            return (null, stdio);
        }

        var (master, slave) = Terminal.Open();
        return (master, stdio with { Input = slave, Output = slave, Error = slave });
    }

    // Null: it is no Wasm guest, and nothing of it is left.
    private async Task<HostedGuest?> CreateOrFailAsync(GuestRequest request, CancellationToken cancellation)
    {
        OciSandbox.RequireId(request.Id);
        var bundle = Bundle.Load(request.Bundle);
        if (EntryResolver.IsPodSandbox(bundle) || bundle.Spec.Process is null)
        {
            return null;
        }

        var folder = new GuestFolder(bundle.Path);
        var place = new HostedPlace(request, bundle, folder, _messenger);
        Entry? entry = null;
        try
        {
            var opened = await place.MountRootfsAsync();
            entry = await _entries.OfInitAsync(request, bundle, place.Rootfs, cancellation, opened);
            if (entry is not Entry.Wasm wasm)
            {
                place.Dispose();
                return null;
            }

            RequireNoHooks(bundle);
            var domain = TrustDomain.Of(request, bundle);
            folder.Make();
            await place.OccupyAsync(reaper, _pause);
            return Launch(request, bundle, folder, place, wasm, domain);
        }
        catch
        {
            (entry as Entry.Wasm)?.Code.Dispose();
            place.Holder?.Signal(Signals.SIGKILL);
            place.Dispose();
            await natives.RemoveTracesAsync(request.Bundle, request.Id, CancellationToken.None);
            throw;
        }
    }

    private HostedGuest Launch(GuestRequest request, Bundle bundle, GuestFolder folder, HostedPlace place, Entry.Wasm entry, string domain)
    {
        var (terminal, ends) = OpenTerminal(request.Stdio);
        var host = _hosts.Take(domain);
        try
        {
            var making = new HostedMaking(request, bundle, folder, place, entry, domain);
            return new HostedGuest(making, Tools, host, ends, terminal);
        }
        catch
        {
            _hosts.Release(domain, host);
            terminal?.Dispose();
            throw;
        }
        finally
        {
            if (terminal is not null)
            {
                ends.Input?.Dispose();
            }
        }
    }

    // They configure a network or a device for a container's process, and may enter its namespaces: crun and runc know how.
    private static void RequireNoHooks(Bundle bundle)
    {
        var hooks = bundle.Spec.Hooks;
        if (hooks.AtCreate + hooks.AtStart + hooks.AtDelete > 0)
        {
            throw new SandboxException(
                "config.json has hooks, which are not run for guests in shared processes (isolation node or pod): use isolation \"container\", runtime io.containerd.skiff.v1.",
                SandboxFault.Unimplemented);
        }
    }
}
