using Skiff.Components.Binary;
using Skiff.Components.Linking;
using Skiff.Components.Types;
using Skiff.Engine;
using CoreFunction = Skiff.Engine.FunctionType;

namespace Skiff.Components.Runtime;

/// <summary>
/// Numbers the memories and functions that a component's options name, so that an instance keeps what it has looked up in two short
/// arrays. Filled while linking.
/// </summary>
internal sealed class SlotTable
{
    private readonly List<CoreExport> _memories = [];
    private readonly List<(CoreItem Item, CoreFunction Type)> _functions = [];

    public int MemoryCount => _memories.Count;

    public int FunctionCount => _functions.Count;

    public CoreExport Memory(int slot) => _memories[slot];

    public (CoreItem Item, CoreFunction Type) Function(int slot) => _functions[slot];

    public int OfFunction(CoreItem? item)
    {
        if (item is null)
        {
            return -1;
        }

        var slot = _functions.FindIndex(function => ReferenceEquals(function.Item, item));
        if (slot < 0)
        {
            slot = _functions.Count;
            _functions.Add((item, Core((CoreFunctionType)item.Type!)));
        }

        return slot;
    }

    public CanonicalOptions Of(CanonOptions options) =>
        new(options.Encoding, OfMemory(options.Memory), OfFunction(options.Realloc), OfFunction(options.PostReturn));

    public static CoreFunction Core(CoreFunctionType type) => new(Kinds(type.Parameters), Kinds(type.Results));

    private int OfMemory(CoreExport? memory)
    {
        if (memory is null)
        {
            return -1;
        }

        var slot = _memories.FindIndex(known => ReferenceEquals(known, memory));
        if (slot < 0)
        {
            slot = _memories.Count;
            _memories.Add(memory);
        }

        return slot;
    }

    private static ValueKind[] Kinds(ReadOnlySpan<CoreType> types)
    {
        var kinds = new ValueKind[types.Length];
        for (var i = 0; i < kinds.Length; i++)
        {
            kinds[i] = types[i] switch
            {
                CoreType.I32 => ValueKind.I32,
                CoreType.I64 => ValueKind.I64,
                CoreType.F32 => ValueKind.F32,
                CoreType.F64 => ValueKind.F64,
                _ => ValueKind.Other,
            };
        }

        return kinds;
    }
}
