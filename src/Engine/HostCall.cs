using System.Text;
using Skiff.Engine.Native;

namespace Skiff.Engine;

/// <summary>One call of a host function by a guest. Parameters are read from the slots that results are then written to.</summary>
public readonly unsafe ref struct HostCall
{
    private readonly nint _caller;
    private readonly Span<wasmtime_val_raw_t> _values;

    internal HostCall(nint caller, Span<wasmtime_val_raw_t> values)
    {
        _caller = caller;
        _values = values;
    }

    public int I32(int index) => _values[index].i32;

    public long I64(int index) => _values[index].i64;

    public void Return(int value) => _values[0].i32 = value;

    /// <summary>The guest's linear memory, valid until the guest runs again. Empty when it exports none with this name.</summary>
    public Span<byte> Memory(string name = "memory")
    {
        var bytes = Encoding.UTF8.GetBytes(name);
        wasmtime_extern_t item;
        fixed (byte* pointer = bytes)
        {
            if (ModuleApi.wasmtime_caller_export_get(_caller, pointer, (nuint)bytes.Length, &item) == 0)
            {
                return [];
            }
        }

        return LinearMemory.Take(ModuleApi.wasmtime_caller_context(_caller), &item);
    }
}
