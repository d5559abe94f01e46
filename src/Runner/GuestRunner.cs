using Skiff.Engine;
using Skiff.Guest;
using Skiff.Wasi;
using Skiff.Wasi.Sockets;

namespace Skiff.Runner;

/// <summary>
/// Decides what a guest is and runs it to its end, on the calling thread: that thread needs a stack of the guest's
/// <see cref="GuestLimits.StackBytes"/> and <see cref="WasmEngine.StackBytesBeyond"/> more.
/// </summary>
/// <param name="print">Takes the results of a function that was called by name, one line at a time.</param>
/// <param name="abandon">
/// Ends the process: called from another thread when the wall time is over and the guest is asleep in a host call, from
/// which nothing else can wake it.
/// </param>
public sealed class GuestRunner(Action<string> print, Action<GuestExit> abandon, TimeProvider time) : IGuestRunner
{
    /// <inheritdoc/>
    public IPreparedGuest Prepare(GuestSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var parts = new Parts();
        try
        {
            parts.Engine = new WasmEngine(new WasmEngineOptions { StackBytes = spec.Limits.StackBytes ?? WasmEngine.StackBytesDefault });
            parts.Store = new WasmStore(parts.Engine, new StoreLimits { MemoryBytes = spec.Limits.MemoryBytes });
            parts.Wasi = new EngineWasi(new WasiContext
            {
                Arguments = spec.Arguments,
                Environment = spec.Environment,
                Network = spec.Network ? NetworkGrants.All : NetworkGrants.None,
                Preopens = spec.Directories.Select(d => new Preopen(d.HostPath, d.GuestPath, d.ReadOnly)).ToList(),
            });

            IEntry entry = spec.Code.Kind == CodeKind.Module ? PrepareModule(spec, parts) : PrepareComponent(spec, parts);
            parts.Wasi.Attach(parts.Store);
            return new PreparedGuest(parts, entry, new Deadline(spec.Limits.WallTime, time, abandon));
        }
        catch (EngineException fault)
        {
            parts.Dispose();
            throw new GuestException(fault.Message, fault);
        }
        catch
        {
            parts.Dispose();
            throw;
        }
    }

    private ModuleEntry PrepareModule(GuestSpec spec, Parts parts)
    {
        var module = Code.MapModule(parts.Engine!, spec.Code.Path);
        parts.Add(module);
        var kind = GuestKind.Detect(module, spec.Export);
        if (kind.Refusal is { } refusal)
        {
            throw new GuestException(refusal);
        }

        var arguments = ExportArguments.Parse(module.FindExport(kind.Entry[^1])!, spec.ExportArguments);
        var linker = new ModuleLinker(parts.Engine!);
        parts.Add(linker);
        parts.Wasi!.Link(linker);
        try
        {
            var linked = linker.Link(module);
            parts.Add(linked);
            return new ModuleEntry(linked, kind, arguments, print);
        }
        catch (EngineException fault)
        {
            throw new GuestException(MissingImports.Describe(module, linker, parts.Store!) ?? fault.Message, fault);
        }
    }

    private ComponentEntry PrepareComponent(GuestSpec spec, Parts parts)
    {
        var component = Code.MapComponent(parts.Engine!, spec.Code.Path);
        parts.Add(component);
        var kind = GuestKind.Detect(component, spec.Export);
        if (kind.Refusal is { } refusal)
        {
            throw new GuestException(refusal);
        }

        if (MissingImports.Describe(component) is { } missing)
        {
            throw new GuestException(missing);
        }

        if (spec.ExportArguments.Count != 0)
        {
            throw new GuestException($"{kind.Entry[^1]} takes no arguments; leave out {string.Join(' ', spec.ExportArguments)}");
        }

        var linker = new ComponentLinker(parts.Engine!);
        parts.Add(linker);
        parts.Wasi!.Link(linker);
        return new ComponentEntry(linker, component, kind, print);
    }
}
