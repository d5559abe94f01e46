using Skiff.Components.Types;

namespace Skiff.Components.Binary;

/// <summary>Reads type definitions (Binary.md, "Type Definitions").</summary>
internal static class TypeReader
{
    public static TypeDefinition ReadType(ref BinaryReader reader, int depth)
    {
        var start = reader.Position;
        var code = reader.Byte();
        if (PrimitiveType.FromOpcode(code) is { } primitive)
        {
            return new TypeDefinition(start, new PrimitiveSyntax(primitive));
        }

        TypeSyntax type = code switch
        {
            0x72 => new RecordSyntax(NotEmpty(start, "record", ReadMembers(ref reader))),
            0x71 => new VariantSyntax(NotEmpty(start, "variant", ReadCases(ref reader))),
            0x70 => new ListSyntax(ReadValueTypeReference(ref reader), null),
            0x67 => new ListSyntax(ReadValueTypeReference(ref reader), reader.U32()),
            0x6f => new TupleSyntax(NotEmpty(start, "tuple", ReadValueTypes(ref reader))),
            0x6e => new FlagsSyntax(NotEmpty(start, "flags", ReadLabels(ref reader))),
            0x6d => new EnumSyntax(NotEmpty(start, "enum", ReadLabels(ref reader))),
            0x6b => new OptionSyntax(ReadValueTypeReference(ref reader)),
            0x6a => new ResultSyntax(ReadOptionalValueType(ref reader), ReadOptionalValueType(ref reader)),
            0x69 => new HandleSyntax(reader.Index(), IsOwn: true),
            0x68 => new HandleSyntax(reader.Index(), IsOwn: false),
            0x66 => new AsyncValueSyntax(ReadOptionalValueType(ref reader), IsStream: true),
            0x65 => new AsyncValueSyntax(ReadOptionalValueType(ref reader), IsStream: false),
            0x63 => new MapSyntax(ReadValueTypeReference(ref reader), ReadValueTypeReference(ref reader)),
            0x40 => new FunctionSyntax(ReadMembers(ref reader), ReadResult(ref reader), IsAsync: false),
            0x43 => new FunctionSyntax(ReadMembers(ref reader), ReadResult(ref reader), IsAsync: true),
            0x41 => new ScopeSyntax(IsComponent: true, ReadDeclarations(ref reader, isComponent: true, depth)),
            0x42 => new ScopeSyntax(IsComponent: false, ReadDeclarations(ref reader, isComponent: false, depth)),
            0x3f => ReadResource(ref reader),
            _ => throw new ComponentException(start, $"unknown form 0x{code:x2} of a type"),
        };
        if (type is FlagsSyntax { Labels.Length: > FlagsType.LabelsMax })
        {
            throw new ComponentException(start, $"a flags type has more than {FlagsType.LabelsMax} labels");
        }

        return new TypeDefinition(start, type);
    }

    /// <summary>A core type: one of core Wasm's, or a module's (whose declarations are read and not kept: root modules are not imported).</summary>
    public static CoreTypeDefinition ReadCoreType(ref BinaryReader reader, int depth)
    {
        var start = reader.Position;
        CheckDepth(start, depth);
        switch (reader.Peek())
        {
            case 0x50:
                reader.Byte();
                SkipModuleDeclarations(ref reader, depth);
                return new CoreTypeDefinition(start, null);
            // A sub type that is not final would begin with 0x50 as a module type does, and so has a zero byte before it.
            case 0x00:
                reader.Byte();
                break;
        }

        var types = new List<CoreFunctionType?>();
        CoreTypeReader.ReadGroup(ref reader, types);
        return new CoreTypeDefinition(start, types);
    }

    public static ValueTypeReference ReadValueTypeReference(ref BinaryReader reader)
    {
        var start = reader.Position;
        var value = reader.S33();
        if (value >= 0)
        {
            return value <= int.MaxValue
                ? new ValueTypeReference(null, (int)value)
                : throw new ComponentException(start, $"type index {value} is out of range");
        }

        return value >= -0x40 && PrimitiveType.FromOpcode((byte)(value & 0x7f)) is { } primitive
            ? new ValueTypeReference(primitive, 0)
            : throw new ComponentException(start, "a type that is neither primitive nor an index");
    }

    /// <summary>Binary.md, <c>resultlist</c>: one type, or none.</summary>
    public static ValueTypeReference? ReadResult(ref BinaryReader reader)
    {
        var start = reader.Position;
        switch (reader.Byte())
        {
            case 0x00:
                return ReadValueTypeReference(ref reader);
            case 0x01:
                reader.Expect(0x00, "the number of named results");
                return null;
            default:
                throw new ComponentException(start, "unknown form of a function's result");
        }
    }

    private static List<Definition> ReadDeclarations(ref BinaryReader reader, bool isComponent, int depth)
    {
        CheckDepth(reader.Position, depth);
        var declarations = new List<Definition>();
        for (var count = reader.Count(); count > 0; count--)
        {
            var start = reader.Position;
            var form = reader.Byte();
            declarations.Add(form switch
            {
                0x00 => ReadCoreType(ref reader, depth + 1),
                0x01 => ReadType(ref reader, depth + 1),
                0x02 => ComponentParser.ReadAlias(ref reader),
                0x03 when isComponent => ComponentParser.ReadImport(ref reader),
                0x04 => ComponentParser.ReadExportDeclaration(ref reader),
                _ => throw new ComponentException(start, $"unknown form 0x{form:x2} of a declaration"),
            });
        }

        return declarations;
    }

    private static void SkipModuleDeclarations(ref BinaryReader reader, int depth)
    {
        for (var count = reader.Count(); count > 0; count--)
        {
            var start = reader.Position;
            switch (reader.Byte())
            {
                case 0x00:
                    reader.NameBytes();
                    reader.NameBytes();
                    SkipCoreExternType(ref reader);
                    break;
                case 0x01:
                    ReadCoreType(ref reader, depth + 1);
                    break;
                case 0x02:
                    reader.Expect(0x10, "the sort of a core type");
                    reader.Expect(0x01, "an outer alias");
                    reader.U32();
                    reader.U32();
                    break;
                case 0x03:
                    reader.NameBytes();
                    SkipCoreExternType(ref reader);
                    break;
                default:
                    throw new ComponentException(start, "unknown form of a module type's declaration");
            }
        }
    }

    private static void SkipCoreExternType(ref BinaryReader reader)
    {
        switch (CoreTypeReader.ReadExternKind(ref reader))
        {
            case CoreSort.Function:
                reader.Index();
                break;
            case CoreSort.Table:
                CoreTypeReader.SkipTable(ref reader);
                break;
            case CoreSort.Memory:
                CoreTypeReader.ReadMemory(ref reader);
                break;
            case CoreSort.Global:
                CoreTypeReader.SkipGlobal(ref reader);
                break;
            default:
                CoreTypeReader.SkipTag(ref reader);
                break;
        }
    }

    private static ResourceSyntax ReadResource(ref BinaryReader reader)
    {
        var start = reader.Position;
        if (reader.Byte() != 0x7f)
        {
            throw new ComponentException(start, "a resource is represented by an i32 only");
        }

        return reader.Byte() switch
        {
            0x00 => new ResourceSyntax(null),
            0x01 => new ResourceSyntax(reader.Index()),
            _ => throw new ComponentException(start, "a resource has a destructor or none: 0 or 1 must say so"),
        };
    }

    private static MemberSyntax[] ReadMembers(ref BinaryReader reader)
    {
        var start = reader.Position;
        var members = new MemberSyntax[reader.Count()];
        for (var i = 0; i < members.Length; i++)
        {
            members[i] = new MemberSyntax(reader.Name(), ReadValueTypeReference(ref reader));
        }

        Unique(start, members, member => member.Label);
        return members;
    }

    private static MemberSyntax[] ReadCases(ref BinaryReader reader)
    {
        var start = reader.Position;
        var cases = new MemberSyntax[reader.Count()];
        for (var i = 0; i < cases.Length; i++)
        {
            cases[i] = new MemberSyntax(reader.Name(), ReadOptionalValueType(ref reader));
            // Once the case that this one refines.
            reader.Expect(0x00, "the end of a case");
        }

        Unique(start, cases, item => item.Label);
        return cases;
    }

    private static ValueTypeReference[] ReadValueTypes(ref BinaryReader reader)
    {
        var types = new ValueTypeReference[reader.Count()];
        for (var i = 0; i < types.Length; i++)
        {
            types[i] = ReadValueTypeReference(ref reader);
        }

        return types;
    }

    private static string[] ReadLabels(ref BinaryReader reader)
    {
        var start = reader.Position;
        var labels = new string[reader.Count()];
        for (var i = 0; i < labels.Length; i++)
        {
            labels[i] = reader.Name();
        }

        Unique(start, labels, label => label);
        return labels;
    }

    private static ValueTypeReference? ReadOptionalValueType(ref BinaryReader reader)
    {
        var start = reader.Position;
        return reader.Byte() switch
        {
            0x00 => null,
            0x01 => ReadValueTypeReference(ref reader),
            _ => throw new ComponentException(start, "a type is there or not: 0 or 1 must say so"),
        };
    }

    private static T[] NotEmpty<T>(int offset, string what, T[] items) =>
        items.Length > 0 ? items : throw new ComponentException(offset, $"a {what} type without members");

    private static void Unique<T>(int offset, T[] items, Func<T, string> label)
    {
        // Most types are small, where looking at all pairs is faster than a set.
        const int PairsMax = 8;
        if (items.Length <= PairsMax)
        {
            for (var i = 1; i < items.Length; i++)
            {
                for (var j = 0; j < i; j++)
                {
                    Compare(label(items[i]) != label(items[j]), label(items[i]));
                }
            }

            return;
        }

        var labels = new HashSet<string>(items.Length, StringComparer.Ordinal);
        foreach (var item in items)
        {
            Compare(labels.Add(label(item)), label(item));
        }

        void Compare(bool isNew, string text)
        {
            if (!isNew)
            {
                throw new ComponentException(offset, $"the label '{text}' is there twice");
            }
        }
    }

    private static void CheckDepth(int offset, int depth)
    {
        if (depth > ComponentParser.DepthMax)
        {
            throw new ComponentException(offset, $"types are nested more than {ComponentParser.DepthMax} deep");
        }
    }
}
