namespace Skiff.Components.Binary;

/// <summary>Reads a core module (core specification, "Modules") as far as <see cref="CoreModuleBinary"/> needs.</summary>
internal static class CoreModuleParser
{
    public const int PreambleBytes = 8;

    private const byte TypeSection = 1;
    private const byte ImportSection = 2;
    private const byte FunctionSection = 3;
    private const byte TableSection = 4;
    private const byte MemorySection = 5;
    private const byte ExportSection = 7;
    private const byte StartSection = 8;
    private const byte ElementSection = 9;
    private const byte DataSection = 11;
    private const byte LastSection = 13;

    /// <summary>The preamble of a core module, as far as it differs from a component's: version 1, layer 0.</summary>
    public static ReadOnlySpan<byte> Preamble => [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

    /// <param name="file">The whole file.</param>
    /// <param name="reader">At the module's preamble; ends with the module.</param>
    public static CoreModuleBinary Parse(ReadOnlyMemory<byte> file, BinaryReader reader)
    {
        var offset = reader.Position;
        var bytes = file[offset..reader.End];
        if (!bytes.Span.StartsWith(Preamble))
        {
            throw reader.Fault("a core module does not begin as one");
        }

        reader.Bytes(PreambleBytes);
        var contents = new CoreModuleContents();
        while (!reader.AtEnd)
        {
            var id = reader.Byte();
            if (id > LastSection)
            {
                throw new ComponentException(reader.Position - 1, $"unknown section {id} of a core module");
            }

            var section = reader.Sized();
            if (id != 0)
            {
                contents.Sections.Add(new SectionRange(id, section.Position - offset, section.End - offset));
                ReadSection(contents, id, section);
            }
        }

        return new CoreModuleBinary(bytes, offset, contents);
    }

    private static void ReadSection(CoreModuleContents contents, byte id, BinaryReader section)
    {
        switch (id)
        {
            case TypeSection:
                CoreTypeReader.ReadTypes(ref section, contents.Types);
                break;
            case ImportSection:
                ReadImports(contents, ref section);
                break;
            case FunctionSection:
                ReadFunctions(contents, ref section);
                break;
            case MemorySection:
                ReadMemories(contents, ref section);
                break;
            case ExportSection:
                ReadExports(contents, ref section);
                break;
            case StartSection:
                contents.HasStart = true;
                return;
            case TableSection:
                contents.DefinesTable |= section.Count() > 0;
                return;
            case ElementSection:
            case DataSection:
                contents.HasSegments |= section.Count() > 0;
                return;
            default:
                return;
        }

        section.ExpectEnd($"section {id} of a core module");
    }

    private static void ReadImports(CoreModuleContents contents, ref BinaryReader reader)
    {
        for (var count = reader.Count(); count > 0; count--)
        {
            var module = reader.Name();
            var name = reader.Name();
            contents.Imports.Add(new CoreModuleImport(module, name, ReadImportType(contents, ref reader)));
        }
    }

    private static CoreExternType ReadImportType(CoreModuleContents contents, ref BinaryReader reader)
    {
        var start = reader.Position;
        switch (CoreTypeReader.ReadExternKind(ref reader))
        {
            case CoreSort.Function:
                var index = reader.Index();
                contents.Functions.Add(index);
                return FunctionType(contents, index, start);
            case CoreSort.Memory:
                var memory = CoreTypeReader.ReadMemory(ref reader);
                contents.Memories.Add(memory);
                return memory;
            case CoreSort.Table:
                CoreTypeReader.SkipTable(ref reader);
                return CoreOtherType.Table;
            case CoreSort.Global:
                CoreTypeReader.SkipGlobal(ref reader);
                return CoreOtherType.Global;
            default:
                CoreTypeReader.SkipTag(ref reader);
                return CoreOtherType.Tag;
        }
    }

    public static void ReadFunctions(CoreModuleContents contents, ref BinaryReader reader)
    {
        var count = reader.Count();
        contents.Functions.EnsureCapacity(contents.Functions.Count + count);
        for (; count > 0; count--)
        {
            contents.Functions.Add(reader.Index());
        }
    }

    private static void ReadMemories(CoreModuleContents contents, ref BinaryReader reader)
    {
        for (var count = reader.Count(); count > 0; count--)
        {
            contents.DefinedMemories++;
            contents.Memories.Add(CoreTypeReader.ReadMemory(ref reader));
        }
    }

    private static void ReadExports(CoreModuleContents contents, ref BinaryReader reader)
    {
        for (var count = reader.Count(); count > 0; count--)
        {
            var start = reader.Position;
            var name = reader.Name();
            var sort = CoreTypeReader.ReadExternKind(ref reader);
            var index = reader.Index();
            CoreExternType type = sort switch
            {
                CoreSort.Function => index < contents.Functions.Count
                    ? FunctionType(contents, contents.Functions[index], start)
                    : throw new ComponentException(start, $"export '{name}' names function {index}, which the core module has not"),
                CoreSort.Memory => index < contents.Memories.Count
                    ? contents.Memories[index]
                    : throw new ComponentException(start, $"export '{name}' names memory {index}, which the core module has not"),
                CoreSort.Table => CoreOtherType.Table,
                CoreSort.Global => CoreOtherType.Global,
                _ => CoreOtherType.Tag,
            };
            if (!contents.ExportTypes.TryAdd(name, type))
            {
                throw new ComponentException(start, $"a core module exports '{name}' twice");
            }

            contents.Exports.Add(new CoreModuleExport(name, type));
        }
    }

    private static CoreFunctionType FunctionType(CoreModuleContents contents, int index, int offset) =>
        (index < contents.Types.Count ? contents.Types[index] : null)
        ?? throw new ComponentException(offset, $"type {index} of a core module is no function type");
}
