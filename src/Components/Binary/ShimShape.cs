namespace Skiff.Components.Binary;

/// <summary>
/// A module that has the shape of wit-component's shim: every function passes its arguments on to a slot of one table, which the
/// module exports and does not fill. The shape proves nothing about who fills the table: that is the linker's to see.
/// </summary>
internal sealed class ShimShape
{
    private const byte LocalGet = 0x20;
    private const byte I32Const = 0x41;
    private const byte CallIndirect = 0x11;
    private const byte End = 0x0b;
    private const byte FuncRef = 0x70;

    private ShimShape(string table, uint tableSize, Dictionary<string, uint> slots) =>
        (Table, TableSize, Slots) = (table, tableSize, slots);

    /// <summary>Name of the table's export.</summary>
    public string Table { get; }

    /// <summary>Slots of the table, all empty at first.</summary>
    public uint TableSize { get; }

    /// <summary>By exported function: the slot that it calls.</summary>
    public IReadOnlyDictionary<string, uint> Slots { get; }

    /// <summary>Null if the module has another shape.</summary>
    public static ShimShape? TryRead(CoreModuleBinary module)
    {
        if (module.Imports.Count > 0 || module.HasStart || module.HasSegments || module.Bytes.Length > CoreModuleBinary.WholeBytesMax
            || module.Exports.Count(export => export.Type == CoreOtherType.Table) != 1
            || module.Exports.Any(export => export.Type != CoreOtherType.Table && export.Type is not CoreFunctionType))
        {
            return null;
        }

        try
        {
            return Read(module);
        }
        catch (ComponentException)
        {
            // Malformed code: the engine will say so when it compiles the module, if it ever does.
            return null;
        }
    }

    private static ShimShape? Read(CoreModuleBinary module)
    {
        var contents = new CoreModuleContents();
        uint? tableSize = null;
        List<uint?>? code = null;
        Dictionary<string, int> exports = new(StringComparer.Ordinal);
        foreach (var section in module.Sections)
        {
            var reader = new BinaryReader(module.Bytes.Span, section.Start, section.End);
            switch (section.Id)
            {
                case 1:
                    CoreTypeReader.ReadTypes(ref reader, contents.Types);
                    break;
                case 3:
                    CoreModuleParser.ReadFunctions(contents, ref reader);
                    break;
                case 4:
                    tableSize = ReadTable(ref reader);
                    break;
                case 7:
                    ReadExports(exports, ref reader);
                    break;
                case 10:
                    code = ReadCode(contents, ref reader);
                    break;
                default:
                    return null;
            }
        }

        if (tableSize is null || code is null || code.Count != contents.Functions.Count)
        {
            return null;
        }

        var slots = new Dictionary<string, uint>(exports.Count, StringComparer.Ordinal);
        foreach (var (name, function) in exports)
        {
            if (function >= code.Count || code[function] is not { } slot)
            {
                return null;
            }

            slots.Add(name, slot);
        }

        var table = module.Exports.First(export => export.Type == CoreOtherType.Table).Name;
        return new ShimShape(table, tableSize.Value, slots);
    }

    private static uint? ReadTable(ref BinaryReader reader)
    {
        if (reader.Count() != 1 || reader.Byte() != FuncRef || reader.Byte() > 1)
        {
            return null;
        }

        return reader.U32();
    }

    private static void ReadExports(Dictionary<string, int> functions, ref BinaryReader reader)
    {
        for (var count = reader.Count(); count > 0; count--)
        {
            var name = reader.Name();
            var sort = CoreTypeReader.ReadExternKind(ref reader);
            var index = reader.Index();
            if (sort == CoreSort.Function)
            {
                functions.Add(name, index);
            }
        }
    }

    private static List<uint?> ReadCode(CoreModuleContents contents, ref BinaryReader reader)
    {
        var slots = new List<uint?>();
        for (var count = reader.Count(); count > 0; count--)
        {
            var body = reader.Sized();
            var type = slots.Count < contents.Functions.Count ? contents.Functions[slots.Count] : -1;
            slots.Add(ReadBody(contents, type, ref body));
        }

        return slots;
    }

    // local.get of every parameter, i32.const slot, call_indirect of the function's own type in table 0, end.
    private static uint? ReadBody(CoreModuleContents contents, int typeIndex, ref BinaryReader reader)
    {
        if (typeIndex < 0 || typeIndex >= contents.Types.Count || contents.Types[typeIndex] is not { IsSimple: true } type || reader.Byte() != 0)
        {
            return null;
        }

        for (var i = 0; i < type.Parameters.Length; i++)
        {
            if (reader.Byte() != LocalGet || reader.U32() != i)
            {
                return null;
            }
        }

        if (reader.Byte() != I32Const)
        {
            return null;
        }

        var slot = reader.S33();
        return slot is >= 0 and <= int.MaxValue
            && reader.Byte() == CallIndirect
            && reader.Index() is var called && called < contents.Types.Count && type.Equals(contents.Types[called])
            && reader.U32() == 0
            && reader.Byte() == End
            && reader.AtEnd
            ? (uint)slot
            : null;
    }
}

/// <summary>A module of the shape of wit-component's fixup: it only fills an imported table with imported functions, by one active segment.</summary>
internal sealed class FixupShape
{
    private const byte I32Const = 0x41;
    private const byte End = 0x0b;

    private FixupShape(int table, uint offset, int[] functions) => (Table, Offset, Functions) = (table, offset, functions);

    /// <summary>Index of the table in the module's imports.</summary>
    public int Table { get; }

    /// <summary>First slot that is filled.</summary>
    public uint Offset { get; }

    /// <summary>For each slot, the index in the module's imports of the function that goes there.</summary>
    public IReadOnlyList<int> Functions { get; }

    /// <summary>Null if the module has another shape.</summary>
    public static FixupShape? TryRead(CoreModuleBinary module)
    {
        if (module.Exports.Count > 0 || module.HasStart || !module.HasSegments || module.DefinesMemoryOrTable || module.Bytes.Length > CoreModuleBinary.WholeBytesMax)
        {
            return null;
        }

        var table = -1;
        var functions = new List<int>();
        for (var i = 0; i < module.Imports.Count; i++)
        {
            var type = module.Imports[i].Type;
            if (type is CoreFunctionType)
            {
                functions.Add(i);
            }
            else if (type == CoreOtherType.Table && table < 0)
            {
                table = i;
            }
            else
            {
                return null;
            }
        }

        try
        {
            return table < 0 ? null : Read(module, table, functions);
        }
        catch (ComponentException)
        {
            return null;
        }
    }

    private static FixupShape? Read(CoreModuleBinary module, int table, List<int> imports)
    {
        FixupShape? shape = null;
        foreach (var section in module.Sections)
        {
            var reader = new BinaryReader(module.Bytes.Span, section.Start, section.End);
            switch (section.Id)
            {
                case 1 or 2:
                    break;
                case 9 when shape is null:
                    shape = ReadSegment(ref reader, table, imports);
                    if (shape is null)
                    {
                        return null;
                    }

                    break;
                default:
                    return null;
            }
        }

        return shape;
    }

    // One segment of the form 0: active, table 0, a constant offset, function indices.
    private static FixupShape? ReadSegment(ref BinaryReader reader, int table, List<int> imports)
    {
        if (reader.Count() != 1 || reader.U32() != 0 || reader.Byte() != I32Const)
        {
            return null;
        }

        var offset = reader.S33();
        if (offset is < 0 or > int.MaxValue || reader.Byte() != End)
        {
            return null;
        }

        var functions = new int[reader.Count()];
        for (var i = 0; i < functions.Length; i++)
        {
            var index = reader.Index();
            if (index >= imports.Count)
            {
                return null;
            }

            functions[i] = imports[index];
        }

        return reader.AtEnd ? new FixupShape(table, (uint)offset, functions) : null;
    }
}
