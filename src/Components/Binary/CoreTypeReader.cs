using Skiff.Components.Types;

namespace Skiff.Components.Binary;

/// <summary>Sorts of core items; the value is the byte in a module's imports and exports, and in a component's sorts.</summary>
internal enum CoreSort : byte
{
    Function = 0x00,
    Table = 0x01,
    Memory = 0x02,
    Global = 0x03,
    Tag = 0x04,
}

/// <summary>Reads types of core Wasm, with those of garbage collection, memory64 and threads (core specification, "Types").</summary>
internal static class CoreTypeReader
{
    private const byte FunctionForm = 0x60;
    private const byte StructForm = 0x5f;
    private const byte ArrayForm = 0x5e;
    private const byte SubForm = 0x50;
    private const byte SubFinalForm = 0x4f;
    private const byte RecForm = 0x4e;
    private const byte SharedForm = 0x65;
    private const byte FirstAbstractHeapType = 0x68;
    private const byte LastAbstractHeapType = 0x74;
    private const int WasmPageLog2 = 16;

    public static CoreSort ReadExternKind(ref BinaryReader reader)
    {
        var kind = reader.Peek();
        if (kind > (byte)CoreSort.Tag)
        {
            throw reader.Fault($"unknown kind {kind} of a core import or export");
        }

        return (CoreSort)reader.Byte();
    }

    /// <summary>A type section, or the one group of a <c>core type</c>: appends one entry for each type, null for no function type.</summary>
    public static void ReadTypes(ref BinaryReader reader, List<CoreFunctionType?> types)
    {
        for (var count = reader.Count(); count > 0; count--)
        {
            ReadGroup(ref reader, types);
        }
    }

    public static void ReadGroup(ref BinaryReader reader, List<CoreFunctionType?> types)
    {
        if (reader.Peek() != RecForm)
        {
            types.Add(ReadSubType(ref reader));
            return;
        }

        reader.Byte();
        for (var count = reader.Count(); count > 0; count--)
        {
            types.Add(ReadSubType(ref reader));
        }
    }

    public static CoreMemoryType ReadMemory(ref BinaryReader reader)
    {
        var start = reader.Position;
        var flags = reader.Byte();
        if (flags > 0xf)
        {
            throw new ComponentException(start, $"unknown flags 0x{flags:x2} of a memory");
        }

        var is64 = (flags & 4) != 0;
        var minimum = is64 ? reader.U64() : reader.U32();
        ulong? maximum = (flags & 1) == 0 ? null : is64 ? reader.U64() : reader.U32();
        var pageLog2 = (flags & 8) == 0 ? WasmPageLog2 : (int)Math.Min(reader.U32(), 64);
        return new CoreMemoryType(minimum, maximum, is64, isShared: (flags & 2) != 0, pageLog2);
    }

    public static void SkipTable(ref BinaryReader reader)
    {
        ReadValueType(ref reader);
        var flags = reader.Byte();
        if ((flags & 4) != 0)
        {
            reader.U64();
        }
        else
        {
            reader.U32();
        }

        if ((flags & 1) != 0)
        {
            reader.U64();
        }
    }

    public static void SkipGlobal(ref BinaryReader reader)
    {
        ReadValueType(ref reader);
        reader.Byte();
    }

    public static void SkipTag(ref BinaryReader reader)
    {
        reader.Byte();
        reader.U32();
    }

    private static CoreFunctionType? ReadSubType(ref BinaryReader reader)
    {
        var form = reader.Peek();
        if (form is SubForm or SubFinalForm)
        {
            reader.Byte();
            for (var count = reader.Count(); count > 0; count--)
            {
                reader.U32();
            }

            form = reader.Peek();
        }

        if (form == SharedForm)
        {
            reader.Byte();
            form = reader.Peek();
        }

        switch (form)
        {
            case FunctionForm:
                reader.Byte();
                return new CoreFunctionType(ReadValueTypes(ref reader), ReadValueTypes(ref reader));
            case StructForm:
                reader.Byte();
                for (var count = reader.Count(); count > 0; count--)
                {
                    SkipField(ref reader);
                }

                return null;
            case ArrayForm:
                reader.Byte();
                SkipField(ref reader);
                return null;
            default:
                throw reader.Fault($"unknown form 0x{form:x2} of a core type");
        }
    }

    // A storage type (also the packed i8 0x78 and i16 0x77) and its mutability.
    private static void SkipField(ref BinaryReader reader)
    {
        if (reader.Peek() is 0x77 or 0x78)
        {
            reader.Byte();
        }
        else
        {
            ReadValueType(ref reader);
        }

        reader.Byte();
    }

    private static CoreType[] ReadValueTypes(ref BinaryReader reader)
    {
        var types = new CoreType[reader.Count()];
        for (var i = 0; i < types.Length; i++)
        {
            types[i] = ReadValueType(ref reader);
        }

        return types;
    }

    private static CoreType ReadValueType(ref BinaryReader reader)
    {
        var code = reader.Peek();
        switch (code)
        {
            case 0x7f or 0x7e or 0x7d or 0x7c or 0x7b:
                reader.Byte();
                return (CoreType)(0x7f - code);
            case 0x63 or 0x64:
                reader.Byte();
                if (reader.Peek() == SharedForm)
                {
                    reader.Byte();
                }

                // A heap type: an index or one of the abstract ones.
                reader.S33();
                return CoreType.Reference;
            case >= FirstAbstractHeapType and <= LastAbstractHeapType:
                reader.Byte();
                return CoreType.Reference;
            default:
                throw reader.Fault($"unknown core value type 0x{code:x2}");
        }
    }
}
