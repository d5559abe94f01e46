namespace Skiff.Components.Binary;

/// <summary>Reads a component's binary format into syntax (component model, Binary.md). Knows every form, judges none.</summary>
internal static class ComponentParser
{
    /// <summary>Components and types nest at most as deep as this: they are read by recursion.</summary>
    public const int DepthMax = 100;

    /// <summary>Version 0xd, layer 1.</summary>
    public static ReadOnlySpan<byte> Preamble => [0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00];

    /// <exception cref="ComponentException">The bytes are not a component; the message says where and why.</exception>
    public static ComponentSyntax Parse(ReadOnlyMemory<byte> file)
    {
        var reader = new BinaryReader(file.Span, 0, file.Length);
        return ReadComponent(file, reader, depth: 1);
    }

    private static ComponentSyntax ReadComponent(ReadOnlyMemory<byte> file, BinaryReader reader, int depth)
    {
        var offset = reader.Position;
        if (depth > DepthMax)
        {
            throw reader.Fault($"components are nested more than {DepthMax} deep");
        }

        if (!file.Span[offset..reader.End].StartsWith(Preamble))
        {
            throw reader.Fault("a component does not begin as one (version 0xd, layer 1)");
        }

        reader.Bytes(Preamble.Length);
        var definitions = new List<Definition>();
        var customSections = new List<CustomSection>();
        while (!reader.AtEnd)
        {
            var start = reader.Position;
            var id = reader.Byte();
            var section = reader.Sized();
            switch (id)
            {
                case 0:
                    var name = section.Name();
                    customSections.Add(new CustomSection(name, file[section.Position..section.End]));
                    break;
                case 1:
                    definitions.Add(new CoreModuleDefinition(start, CoreModuleParser.Parse(file, section)));
                    break;
                case 4:
                    definitions.Add(new ComponentDefinition(start, ReadComponent(file, section, depth + 1)));
                    break;
                case 9:
                    definitions.Add(ReadStart(ref section));
                    section.ExpectEnd("the start section");
                    break;
                default:
                    ReadItems(id, start, ref section, definitions);
                    section.ExpectEnd($"section {id}");
                    break;
            }
        }

        return new ComponentSyntax(offset, definitions) { CustomSections = customSections };
    }

    private static void ReadItems(byte id, int sectionStart, ref BinaryReader reader, List<Definition> definitions)
    {
        if (id > 12)
        {
            throw new ComponentException(sectionStart, $"unknown section {id}");
        }

        for (var count = reader.Count(); count > 0; count--)
        {
            definitions.Add(id switch
            {
                2 => ReadCoreInstance(ref reader),
                3 => TypeReader.ReadCoreType(ref reader, depth: 1),
                5 => ReadInstance(ref reader),
                6 => ReadAlias(ref reader),
                7 => TypeReader.ReadType(ref reader, depth: 1),
                8 => CanonReader.Read(ref reader),
                10 => ReadImport(ref reader),
                11 => ReadExport(ref reader),
                _ => ReadValue(ref reader),
            });
        }
    }

    private static Definition ReadCoreInstance(ref BinaryReader reader)
    {
        var start = reader.Position;
        switch (reader.Byte())
        {
            case 0x00:
                var module = reader.Index();
                var arguments = new NamedItem[reader.Count()];
                for (var i = 0; i < arguments.Length; i++)
                {
                    var name = reader.Name();
                    reader.Expect(0x12, "the sort of a core instance");
                    arguments[i] = new NamedItem(name, Sort.CoreInstance, reader.Index());
                }

                return new CoreInstantiation(start, module, Unique(start, arguments));
            case 0x01:
                var exports = new NamedItem[reader.Count()];
                for (var i = 0; i < exports.Length; i++)
                {
                    exports[i] = new NamedItem(reader.Name(), ReadCoreSort(ref reader), reader.Index());
                }

                return new CoreInlineInstance(start, Unique(start, exports));
            default:
                throw new ComponentException(start, "unknown form of a core instance");
        }
    }

    private static Definition ReadInstance(ref BinaryReader reader)
    {
        var start = reader.Position;
        switch (reader.Byte())
        {
            case 0x00:
                var component = reader.Index();
                var arguments = new NamedItem[reader.Count()];
                for (var i = 0; i < arguments.Length; i++)
                {
                    arguments[i] = new NamedItem(reader.Name(), ReadSort(ref reader), reader.Index());
                }

                return new Instantiation(start, component, Unique(start, arguments));
            case 0x01:
                var exports = new NamedItem[reader.Count()];
                for (var i = 0; i < exports.Length; i++)
                {
                    exports[i] = new NamedItem(ReadExternName(ref reader), ReadSort(ref reader), reader.Index());
                }

                return new InlineInstance(start, Unique(start, exports));
            default:
                throw new ComponentException(start, "unknown form of an instance");
        }
    }

    public static Definition ReadAlias(ref BinaryReader reader)
    {
        var start = reader.Position;
        var sort = ReadSort(ref reader);
        switch (reader.Byte())
        {
            case 0x00:
                return new ExportAlias(start, sort, IsCore: false, reader.Index(), reader.Name());
            case 0x01:
                return new ExportAlias(start, sort, IsCore: true, reader.Index(), reader.Name());
            case 0x02:
                return new OuterAlias(start, sort, reader.Index(), reader.Index());
            default:
                throw new ComponentException(start, "unknown form of an alias");
        }
    }

    public static Import ReadImport(ref BinaryReader reader) =>
        new(reader.Position, ReadExternName(ref reader), ReadExternType(ref reader));

    public static ExportDeclaration ReadExportDeclaration(ref BinaryReader reader) =>
        new(reader.Position, ReadExternName(ref reader), ReadExternType(ref reader));

    private static Export ReadExport(ref BinaryReader reader)
    {
        var start = reader.Position;
        var (name, sort, index) = (ReadExternName(ref reader), ReadSort(ref reader), reader.Index());
        return reader.Byte() switch
        {
            0x00 => new Export(start, name, sort, index, null),
            0x01 => new Export(start, name, sort, index, ReadExternType(ref reader)),
            _ => throw new ComponentException(reader.Position - 1, "an export has a type or none: 0 or 1 must say so"),
        };
    }

    /// <summary>
    /// The forms 0x00 and 0x01 mean the same (wit-component writes either, by its version); 0x02 has attributes, which say nothing
    /// that linking needs.
    /// </summary>
    private static string ReadExternName(ref BinaryReader reader)
    {
        var start = reader.Position;
        var form = reader.Byte();
        if (form > 0x02)
        {
            throw new ComponentException(start, $"unknown form 0x{form:x2} of a name");
        }

        var name = reader.Name();
        if (form < 0x02)
        {
            return name;
        }

        for (var count = reader.Count(); count > 0; count--)
        {
            if (reader.Byte() > 0x02)
            {
                throw new ComponentException(reader.Position - 1, $"unknown attribute of the name '{name}'");
            }

            reader.Name();
        }

        return name;
    }

    private static ExternTypeSyntax ReadExternType(ref BinaryReader reader)
    {
        var start = reader.Position;
        switch (reader.Byte())
        {
            case 0x00:
                reader.Expect(0x11, "the sort of a core module");
                return new ExternTypeSyntax(ExternKind.Module, reader.Index());
            case 0x01:
                return new ExternTypeSyntax(ExternKind.Function, reader.Index());
            case 0x02:
                if (reader.Byte() == 0x00)
                {
                    return new ExternTypeSyntax(ExternKind.Value, reader.Index());
                }

                TypeReader.ReadValueTypeReference(ref reader);
                return new ExternTypeSyntax(ExternKind.Value, 0);
            case 0x03:
                return reader.Byte() switch
                {
                    0x00 => new ExternTypeSyntax(ExternKind.TypeEqual, reader.Index()),
                    0x01 => new ExternTypeSyntax(ExternKind.TypeSubResource, 0),
                    _ => throw new ComponentException(start, "unknown bound of a type"),
                };
            case 0x04:
                return new ExternTypeSyntax(ExternKind.Component, reader.Index());
            case 0x05:
                return new ExternTypeSyntax(ExternKind.Instance, reader.Index());
            default:
                throw new ComponentException(start, "unknown kind of an import or export");
        }
    }

    private static Sort ReadSort(ref BinaryReader reader)
    {
        var start = reader.Position;
        return reader.Byte() switch
        {
            0x00 => ReadCoreSort(ref reader),
            0x01 => Sort.Function,
            0x02 => Sort.Value,
            0x03 => Sort.Type,
            0x04 => Sort.Component,
            0x05 => Sort.Instance,
            _ => throw new ComponentException(start, "unknown sort"),
        };
    }

    private static Sort ReadCoreSort(ref BinaryReader reader)
    {
        var start = reader.Position;
        return reader.Byte() switch
        {
            0x00 => Sort.CoreFunction,
            0x01 => Sort.CoreTable,
            0x02 => Sort.CoreMemory,
            0x03 => Sort.CoreGlobal,
            0x04 => Sort.CoreTag,
            0x10 => Sort.CoreType,
            0x11 => Sort.CoreModule,
            0x12 => Sort.CoreInstance,
            _ => throw new ComponentException(start, "unknown core sort"),
        };
    }

    private static ValueDefinition ReadStart(ref BinaryReader reader)
    {
        var start = reader.Position;
        reader.Index();
        for (var count = reader.Count(); count > 0; count--)
        {
            reader.Index();
        }

        reader.U32();
        return new ValueDefinition(start, "a start function");
    }

    private static ValueDefinition ReadValue(ref BinaryReader reader)
    {
        var start = reader.Position;
        TypeReader.ReadValueTypeReference(ref reader);
        reader.Sized();
        return new ValueDefinition(start, "a value");
    }

    private static NamedItem[] Unique(int offset, NamedItem[] items)
    {
        var names = new HashSet<string>(items.Length, StringComparer.Ordinal);
        foreach (var item in items)
        {
            if (!names.Add(item.Name))
            {
                throw new ComponentException(offset, $"the name '{item.Name}' is given twice");
            }
        }

        return items;
    }
}
