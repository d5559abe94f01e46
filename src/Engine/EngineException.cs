using System.Text;
using Skiff.Engine.Native;

namespace Skiff.Engine;

/// <summary>The engine refused to compile, load or link something. The message is the engine's, on one line.</summary>
public sealed class EngineException(string message) : Exception(message)
{
    internal static void ThrowIfError(nint error)
    {
        if (error != 0)
        {
            throw Take(error);
        }
    }

    // Takes the error over.
    internal static unsafe EngineException Take(nint error)
    {
        Vector text;
        EngineApi.wasmtime_error_message(error, &text);
        var message = Encoding.UTF8.GetString(text.Bytes);
        EngineApi.wasm_byte_vec_delete(&text);
        EngineApi.wasmtime_error_delete(error);
        return new EngineException(EngineText.OneLine(message));
    }
}
