using Skiff.Engine.Native;

namespace Skiff.Engine;

/// <summary>Machine code as the engine wrote it (an ELF file), in the engine's memory: tens of megabytes for a large component.</summary>
public sealed unsafe class SerializedCode : IDisposable
{
    private Vector _code;

    internal SerializedCode(Vector code) => _code = code;

    ~SerializedCode() => Release();

    /// <summary>The code; not to be used after <see cref="Dispose"/>.</summary>
    public ReadOnlySpan<byte> Bytes
    {
        get
        {
            ObjectDisposedException.ThrowIf(_code.data is null, this);
            return _code.Bytes;
        }
    }

    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private void Release()
    {
        if (_code.data is not null)
        {
            fixed (Vector* code = &_code)
            {
                EngineApi.wasm_byte_vec_delete(code);
            }

            _code = default;
        }
    }
}
