using System.Runtime.InteropServices;
using Skiff.Linux;
using Skiff.Oci.Runtime;

namespace Skiff.Sandbox;

/// <summary>All that is known of a guest when its container is to be made.</summary>
/// <param name="Root">The root file system, mounted.</param>
internal sealed record GuestMaking(GuestRequest Request, Bundle Bundle, GuestFolder Folder, GuestRoot Root, Entry Entry)
{
    private bool Terminal => Request.Stdio.Terminal;

    /// <summary>The configuration for the OCI runtime.</summary>
    public byte[] Config(string home) => Entry is Entry.Wasm wasm
        ? SpecForGuest.Wasm(Bundle, Root, Terminal, home, wasm.Command)
        : SpecForGuest.Native(Bundle, Root.Path, Terminal);

    /// <summary>
    /// Has the container made. A guest's run program is started at once and waits at its gate with engine and code loaded,
    /// unless hooks of the spec have to run between create and start; a native program waits in the runtime.
    /// </summary>
    public async Task<OciGuest> LaunchAsync(OciRuntime runtime, SandboxTools tools, CancellationToken cancellation)
    {
        Folder.Runtime = runtime.Program;
        var wasm = Entry as Entry.Wasm;
        var runs = wasm is not null && Bundle.Spec.Hooks.AtStart == 0;
        var (gate, theirs) = wasm is null ? default : GuestGate.Open(wasm.Code);
        var console = Terminal ? new ConsolePlace(tools.Places.RunFolder) : null;
        try
        {
            SafeHandle[] inherited = wasm is null ? [] : [theirs!, .. wasm.Code.Handles];
            var child = await runtime.CreateAsync(runs, new ProcessDescriptors(Request.Stdio, console?.Path, inherited), cancellation);
            theirs?.Dispose();
            var membership = await CaptureAsync(child, gate, cancellation);
            return new OciGuest(this, runtime, tools, child)
            {
                ControlGroupMembership = membership,
                Gate = gate,
                StartsByRuntime = !runs,
                Terminal = console is null ? null : await console.ReceiveAsync(cancellation),
            };
        }
        catch
        {
            gate?.Dispose();
            throw;
        }
        finally
        {
            theirs?.Dispose();
            console?.Dispose();
        }
    }

    // What later needs a living process: its control groups, and its identity for whoever clears up after us.
    private async Task<string> CaptureAsync(ChildProcess child, GuestGate? gate, CancellationToken cancellation)
    {
        if (ControlGroup.TryReadMembership(child.Pid) is { } membership && ProcessIdentity.TryRead(child.Pid) is { } identity)
        {
            Folder.Init = identity;
            return membership;
        }

        throw await DiedAsync(child, gate, cancellation);
    }

    private static async Task<SandboxException> DiedAsync(ChildProcess child, GuestGate? gate, CancellationToken cancellation)
    {
        if (gate is not null)
        {
            // The run program's own reason, if it had the time to say one, is thrown here.
            await gate.PassAsync(cancellation);
        }

        var exit = await child.Exit;
        return new SandboxException(
            exit.Signal != 0
                ? $"The container's init was ended by signal {exit.Signal} before it was ready."
                : $"The container's init ended with {exit.Code} before it was ready.");
    }
}
