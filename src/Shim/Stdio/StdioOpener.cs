using Skiff.Linux;

namespace Skiff.Shim.Stdio;

/// <summary>
/// Opens stdio addresses (docs/containerd.md 8). A guest gets its end of the FIFO, file or pipe itself: this process
/// copies nothing but terminals, so neither its speed nor its death is felt in a guest's output.
/// </summary>
internal sealed class StdioOpener(ChildReaper reaper, TimeProvider time, ShimLog log) : IStdioOpener
{
    public async Task<IProcessStdio> OpenAsync(StdioAddresses addresses, StdioOwner owner, CancellationToken cancellation)
    {
        var stdio = new ProcessStdio(addresses.Terminal, time, log, $"task {owner.ContainerId}");
        try
        {
            if (addresses.Input.Length > 0)
            {
                await stdio.OpenInputAsync(StdioAddress.Parse("stdin", addresses.Input));
            }

            var output = addresses.Output.Length > 0 ? StdioAddress.Parse("stdout", addresses.Output) : null;
            if (output is { Kind: StdioKind.LogProgram })
            {
                // One program takes both outputs, and its address stands for both.
                stdio.UseLogProgram(await LogProgram.StartAsync(output, owner, reaper, time, log, cancellation));
                return stdio;
            }

            stdio.OpenOutput(output);
            stdio.OpenError(addresses.Error.Length > 0 && !addresses.Terminal ? StdioAddress.Parse("stderr", addresses.Error) : null);
            return stdio;
        }
        catch
        {
            await stdio.DisposeAsync();
            throw;
        }
    }
}
