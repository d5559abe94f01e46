using Skiff.Components;
using Skiff.Components.Linking;
using Skiff.Engine;
using Skiff.Guest;

namespace Skiff.Runner;

/// <summary>Brings compiled code into the process.</summary>
internal static class Code
{
    // A file on a disk mounted noexec cannot be mapped as code, but can be read; so can a descriptor where /proc is missing.
    public static CompiledModule MapModule(WasmEngine engine, string path)
    {
        try
        {
            return CompiledModule.Map(engine, path);
        }
        catch (EngineException fault)
        {
            var code = Read(path);
            try
            {
                return CompiledModule.Load(engine, code);
            }
            catch (EngineException)
            {
                throw new DamagedCodeException($"compiled code {path} does not load: {fault.Message}", fault);
            }
        }
    }

    /// <summary>The component, cut down (<see cref="ComponentCode"/>), with what its specification makes of it.</summary>
    /// <exception cref="GuestException">It is no component, or has no export as it was asked for.</exception>
    public static ParsedComponent ReadComponent(GuestSpec spec)
    {
        try
        {
            var plan = Component.Parse(Read(spec.Code.Path));
            return new ParsedComponent(plan, GuestKind.Detect(plan, spec.Export));
        }
        catch (ComponentException fault)
        {
            throw new GuestException(fault.Message, fault);
        }
    }

    /// <summary>The modules of a plan, by their index.</summary>
    public static CompiledModule[] MapModules(LinkPlan plan, CompiledCode code, ModuleMapper map)
    {
        if (plan.Modules.Count != code.Modules.Count)
        {
            throw new DamagedCodeException(
                $"compiled code {code.Path} has {plan.Modules.Count} core modules, and {code.Modules.Count} are beside it", null);
        }

        return [.. code.Modules.Select(path => map(path))];
    }

    private static byte[] Read(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new DamagedCodeException($"compiled code {path} cannot be read: {unreadable.Message}", unreadable);
        }
    }
}

/// <summary>A component before its modules are mapped. Parsing takes a while, so it is done once.</summary>
internal sealed record ParsedComponent(LinkPlan Plan, GuestKind Kind);

/// <summary>Code of the cache does not load: remove the entry and compile again.</summary>
public sealed class DamagedCodeException(string message, Exception? inner) : Exception(message, inner);
