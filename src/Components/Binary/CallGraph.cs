namespace Skiff.Components.Binary;

/// <summary>
/// Which imports the functions of a small module can reach by calling each other: of modules without a table, so that there are no calls
/// but direct ones. wit-component's adapters are such. What a function calls on its way into a trap does not count.
/// </summary>
internal sealed class CallGraph
{
    private const byte Unreachable = 0x00;
    private const byte Call = 0x10;

    private readonly Dictionary<string, int> _exports;

    // By number among the functions: of imported ones, which import it is; of others, whom they call.
    private readonly int[] _imports;
    private readonly List<int[]> _calls;

    private CallGraph(Dictionary<string, int> exports, int[] imports, List<int[]> calls) => (_exports, _imports, _calls) = (exports, imports, calls);

    /// <summary>Null if the module is larger or has a table, or instructions that are not known here.</summary>
    public static CallGraph? TryRead(CoreModuleBinary module)
    {
        if (module.Bytes.Length > CoreModuleBinary.WholeBytesMax || module.DefinesMemoryOrTable || module.HasSegments
            || module.Imports.Any(import => import.Type == CoreOtherType.Table))
        {
            return null;
        }

        try
        {
            return Read(module);
        }
        catch (ComponentException)
        {
            // Malformed code: the engine will say so when it compiles the module.
            return null;
        }
    }

    /// <summary>Whether a call of an exported function can come to call an import for which <paramref name="wanted"/> says so.</summary>
    /// <param name="wanted">Gets the index of an import of the module.</param>
    public bool Reaches(string export, Predicate<int> wanted)
    {
        if (!_exports.TryGetValue(export, out var first))
        {
            return true;
        }

        var seen = new HashSet<int> { first };
        var next = new Stack<int>(seen);
        while (next.TryPop(out var function))
        {
            if (function < _imports.Length)
            {
                if (wanted(_imports[function]))
                {
                    return true;
                }

                continue;
            }

            if (function - _imports.Length >= _calls.Count)
            {
                return true;
            }

            foreach (var callee in _calls[function - _imports.Length])
            {
                if (seen.Add(callee))
                {
                    next.Push(callee);
                }
            }
        }

        return false;
    }

    private static CallGraph? Read(CoreModuleBinary module)
    {
        var imports = Enumerable.Range(0, module.Imports.Count).Where(index => module.Imports[index].Type is CoreFunctionType).ToArray();
        var exports = new Dictionary<string, int>(StringComparer.Ordinal);
        var calls = new List<int[]>();
        foreach (var section in module.Sections)
        {
            var reader = new BinaryReader(module.Bytes.Span, section.Start, section.End);
            switch (section.Id)
            {
                case 7:
                    for (var count = reader.Count(); count > 0; count--)
                    {
                        var name = reader.Name();
                        var sort = CoreTypeReader.ReadExternKind(ref reader);
                        var index = reader.Index();
                        if (sort == CoreSort.Function)
                        {
                            exports[name] = index;
                        }
                    }

                    break;
                case 10:
                    for (var count = reader.Count(); count > 0; count--)
                    {
                        var body = reader.Sized();
                        if (Calls(ref body) is not { } callees)
                        {
                            return null;
                        }

                        calls.Add(callees);
                    }

                    break;
            }
        }

        return new CallGraph(exports, imports, calls);
    }

    private static int[]? Calls(ref BinaryReader body)
    {
        for (var locals = body.Count(); locals > 0; locals--)
        {
            body.U32();
            // Only numbers: a reference would be followed by more.
            if (body.Byte() is < 0x7b or > 0x7f)
            {
                return null;
            }
        }

        // A call that is followed by nothing but "unreachable" is the text of a panic: adapters can write one nearly everywhere.
        var (calls, straight) = (new HashSet<int>(), new List<int>());
        while (!body.AtEnd)
        {
            var opcode = body.Byte();
            switch (opcode)
            {
                case Unreachable:
                    straight.Clear();
                    continue;
                case Call:
                    straight.Add(body.Index());
                    continue;
                case >= 0x02 and <= 0x0f:
                    calls.UnionWith(straight);
                    straight.Clear();
                    break;
            }

            if (!TrySkip(opcode, ref body))
            {
                return null;
            }
        }

        return [.. calls];
    }

    // What follows an instruction (core specification, "Binary Format", "Instructions"). False for one that is not known here.
    private static bool TrySkip(byte opcode, ref BinaryReader body)
    {
        switch (opcode)
        {
            case 0x01 or 0x05 or 0x0b or 0x0f or 0x1a or 0x1b or (>= 0x45 and <= 0xc4):
                return true;
            case 0x02 or 0x03 or 0x04 or 0x0c or 0x0d or (>= 0x20 and <= 0x24) or 0x3f or 0x40 or 0x41 or 0x42:
                Skip(ref body, 1);
                return true;
            case 0x0e:
                Skip(ref body, body.Count() + 1);
                return true;
            case 0x1c:
                body.Bytes(body.Count());
                return true;
            case >= 0x28 and <= 0x3e:
                const uint HasMemoryIndex = 0x40;
                Skip(ref body, (body.U32() & HasMemoryIndex) != 0 ? 2 : 1);
                return true;
            case 0x43:
                body.Bytes(4);
                return true;
            case 0x44:
                body.Bytes(8);
                return true;
            case 0xfc:
                return TrySkipLong(body.U32(), ref body);
            default:
                return false;
        }
    }

    // Saturating conversions, and bulk operations on memories.
    private static bool TrySkipLong(uint opcode, ref BinaryReader body)
    {
        switch (opcode)
        {
            case <= 7:
                return true;
            case 8 or 10:
                Skip(ref body, 2);
                return true;
            case 9 or 11:
                Skip(ref body, 1);
                return true;
            default:
                return false;
        }
    }

    // Numbers of whatever size.
    private static void Skip(ref BinaryReader body, int numbers)
    {
        for (; numbers > 0; numbers--)
        {
            while (body.Byte() >= 0x80)
            {
            }
        }
    }
}
