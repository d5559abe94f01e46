using Skiff.Components.Linking;

namespace Skiff.Components.Binary;

/// <summary>Reads canonical definitions (Binary.md, "Canonical Definitions"), also those of asynchronous components.</summary>
internal static class CanonReader
{
    private delegate void Operands(ref BinaryReader reader);

    public static Definition Read(ref BinaryReader reader)
    {
        var start = reader.Position;
        var opcode = reader.Byte();
        switch (opcode)
        {
            case 0x00:
                reader.Expect(0x00, "the sort of a core function");
                return new LiftDefinition(start, reader.Index(), ReadOptions(ref reader), reader.Index());
            case 0x01:
                reader.Expect(0x00, "the sort of a function");
                return new LowerDefinition(start, reader.Index(), ReadOptions(ref reader));
            case 0x02 or 0x03 or 0x04:
                return new ResourceBuiltinDefinition(start, (ResourceBuiltin)opcode, reader.Index());
            default:
                var (name, operands) = Other(opcode) ?? throw new ComponentException(start, $"unknown canonical function 0x{opcode:x2}");
                operands?.Invoke(ref reader);
                return new OtherBuiltinDefinition(start, name);
        }
    }

    private static (string Name, Operands? Operands)? Other(byte opcode) => opcode switch
    {
        0x05 => ("task.cancel", null),
        0x06 => ("subtask.cancel", Flag),
        0x07 => ("resource.drop async", Type),
        0x08 => ("backpressure.set", null),
        0x09 => ("task.return", ResultAndOptions),
        0x0a => ("context.get", Context),
        0x0b => ("context.set", Context),
        0x0c => ("thread.yield", Flag),
        0x0d => ("subtask.drop", null),
        0x0e => ("stream.new", Type),
        0x0f => ("stream.read", TypeAndOptions),
        0x10 => ("stream.write", TypeAndOptions),
        0x11 => ("stream.cancel-read", TypeAndFlag),
        0x12 => ("stream.cancel-write", TypeAndFlag),
        0x13 => ("stream.drop-readable", Type),
        0x14 => ("stream.drop-writable", Type),
        0x15 => ("future.new", Type),
        0x16 => ("future.read", TypeAndOptions),
        0x17 => ("future.write", TypeAndOptions),
        0x18 => ("future.cancel-read", TypeAndFlag),
        0x19 => ("future.cancel-write", TypeAndFlag),
        0x1a => ("future.drop-readable", Type),
        0x1b => ("future.drop-writable", Type),
        0x1c => ("error-context.new", Options),
        0x1d => ("error-context.debug-message", Options),
        0x1e => ("error-context.drop", null),
        0x1f => ("waitable-set.new", null),
        0x20 => ("waitable-set.wait", FlagAndMemory),
        0x21 => ("waitable-set.poll", FlagAndMemory),
        0x22 => ("waitable-set.drop", null),
        0x23 => ("waitable.join", null),
        0x24 => ("backpressure.inc", null),
        0x25 => ("backpressure.dec", null),
        0x26 => ("thread.index", null),
        0x27 => ("thread.new-indirect", TwoIndices),
        0x28 => ("thread.suspend-to-suspended", Flag),
        0x29 => ("thread.suspend", Flag),
        0x2a => ("thread.unsuspend", null),
        0x2b => ("thread.yield-to-suspended", Flag),
        0x2c => ("thread.suspend-then-promote", Flag),
        0x2d => ("thread.yield-then-promote", Flag),
        0x40 => ("thread.spawn-ref", Type),
        0x41 => ("thread.spawn-indirect", TwoIndices),
        0x42 => ("thread.available-parallelism", null),
        _ => null,
    };

    private static void Flag(ref BinaryReader reader)
    {
        if (reader.Byte() > 1)
        {
            throw new ComponentException(reader.Position - 1, "a flag is neither 0 nor 1");
        }
    }

    private static void Type(ref BinaryReader reader) => reader.Index();

    private static void TwoIndices(ref BinaryReader reader)
    {
        reader.Index();
        reader.Index();
    }

    private static void Options(ref BinaryReader reader) => ReadOptions(ref reader);

    private static void TypeAndOptions(ref BinaryReader reader)
    {
        reader.Index();
        ReadOptions(ref reader);
    }

    private static void TypeAndFlag(ref BinaryReader reader)
    {
        reader.Index();
        Flag(ref reader);
    }

    private static void FlagAndMemory(ref BinaryReader reader)
    {
        Flag(ref reader);
        reader.Index();
    }

    private static void ResultAndOptions(ref BinaryReader reader)
    {
        TypeReader.ReadResult(ref reader);
        ReadOptions(ref reader);
    }

    // A core value type and which of the task's slots.
    private static void Context(ref BinaryReader reader)
    {
        reader.Byte();
        reader.U32();
    }

    private static CanonOptionsSyntax ReadOptions(ref BinaryReader reader)
    {
        var options = new CanonOptionsSyntax();
        var seen = 0;
        for (var count = reader.Count(); count > 0; count--)
        {
            var start = reader.Position;
            var code = reader.Byte();
            // The three encodings are one option.
            var bit = code <= 0x02 ? 0 : code;
            if (code < 0x20 && (seen & (1 << bit)) != 0)
            {
                throw new ComponentException(start, "an option of a canonical function is given twice");
            }

            seen |= 1 << bit;
            options = code switch
            {
                0x00 => options with { Encoding = StringEncoding.Utf8 },
                0x01 => options with { Encoding = StringEncoding.Utf16 },
                0x02 => options with { Encoding = StringEncoding.Latin1Utf16 },
                0x03 => options with { Memory = reader.Index() },
                0x04 => options with { Realloc = reader.Index() },
                0x05 => options with { PostReturn = reader.Index() },
                0x06 => options with { IsAsync = true },
                0x07 => options with { Callback = reader.Index() },
                0x08 => options with { Unsupported = $"core-type {reader.Index()}" },
                0x09 => options with { Unsupported = "gc" },
                _ => throw new ComponentException(start, $"unknown option 0x{code:x2} of a canonical function"),
            };
        }

        return options;
    }
}
