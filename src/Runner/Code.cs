using Skiff.Engine;

namespace Skiff.Runner;

/// <summary>Maps compiled code into the process.</summary>
internal static class Code
{
    public static CompiledModule MapModule(WasmEngine engine, string path) =>
        Map(path, file => CompiledModule.Map(engine, file), code => CompiledModule.Load(engine, code));

    public static CompiledComponent MapComponent(WasmEngine engine, string path) =>
        Map(path, file => CompiledComponent.Map(engine, file), code => CompiledComponent.Load(engine, code));

    // A file on a disk mounted noexec cannot be mapped as code, but can be read; so can a descriptor where /proc is missing.
    private static T Map<T>(string path, Func<string, T> map, Func<byte[], T> load)
    {
        try
        {
            return map(path);
        }
        catch (EngineException fault)
        {
            byte[] code;
            try
            {
                code = File.ReadAllBytes(path);
            }
            catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
            {
                throw new DamagedCodeException($"compiled code {path} cannot be read: {unreadable.Message}", unreadable);
            }

            try
            {
                return load(code);
            }
            catch (EngineException)
            {
                throw new DamagedCodeException($"compiled code {path} does not load: {fault.Message}", fault);
            }
        }
    }
}

/// <summary>Code of the cache does not load: remove the entry and compile again.</summary>
public sealed class DamagedCodeException(string message, Exception inner) : Exception(message, inner);
