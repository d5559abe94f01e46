using System.Text;
using Skiff.Engine;

namespace Skiff.Bench.Engine;

internal static class Module
{
    public static CompiledModule Load(WasmEngine engine, string text)
    {
        using var code = engine.Compile(WasmEngine.FromText(Encoding.UTF8.GetBytes(text)));
        return CompiledModule.Load(engine, code.Bytes);
    }

    /// <summary>Compiles a file and maps the code from a file again, as the cache does: only so are its pages shared.</summary>
    public static CompiledModule Read(WasmEngine engine, string path)
    {
        var compiled = Path.GetTempFileName();
        try
        {
            using (var code = engine.Compile(File.ReadAllBytes(path)))
            {
                File.WriteAllBytes(compiled, code.Bytes);
            }

            return CompiledModule.Map(engine, compiled);
        }
        finally
        {
            File.Delete(compiled);
        }
    }
}
