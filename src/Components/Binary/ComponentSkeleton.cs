using System.Buffers;

namespace Skiff.Components.Binary;

/// <summary>
/// A component without the code and data of its larger core modules: a component itself, which links to the same plan. What is kept
/// beside the compiled code of the modules, so that a start reads kilobytes where the component has megabytes.
/// </summary>
public static class ComponentSkeleton
{
    private const byte CustomSection = 0;
    private const byte ModuleSection = 1;
    private const byte ComponentSection = 4;
    private const byte ElementSection = 9;
    private const byte CodeSection = 10;
    private const byte DataSection = 11;
    private const byte DataCountSection = 12;

    // In the place of segments: whether there are any decides when a module may be instantiated.
    private static ReadOnlySpan<byte> SomeSegments => [1, 0];

    /// <param name="component">A component that <see cref="Component.Parse"/> has taken.</param>
    /// <exception cref="ComponentException">It is malformed.</exception>
    public static byte[] Of(ReadOnlySpan<byte> component)
    {
        var output = new ArrayBufferWriter<byte>();
        WriteComponent(new BinaryReader(component, 0, component.Length), output);
        return output.WrittenSpan.ToArray();
    }

    private static void WriteComponent(BinaryReader reader, ArrayBufferWriter<byte> output)
    {
        output.Write(reader.Bytes(ComponentParser.Preamble.Length));
        while (!reader.AtEnd)
        {
            var id = reader.Byte();
            var section = reader.Sized();
            switch (id)
            {
                case CustomSection:
                    break;
                case ModuleSection when section.Remaining > CoreModuleBinary.WholeBytesMax:
                    Nest(id, section, output, WriteModule);
                    break;
                case ComponentSection:
                    Nest(id, section, output, WriteComponent);
                    break;
                default:
                    WriteSection(id, section.Bytes(section.Remaining), output);
                    break;
            }
        }
    }

    private static void WriteModule(BinaryReader reader, ArrayBufferWriter<byte> output)
    {
        output.Write(reader.Bytes(CoreModuleParser.PreambleBytes));
        while (!reader.AtEnd)
        {
            var id = reader.Byte();
            var section = reader.Sized();
            switch (id)
            {
                case CustomSection or CodeSection or DataCountSection:
                    break;
                case ElementSection or DataSection:
                    if (section.Count() > 0)
                    {
                        WriteSection(id, SomeSegments, output);
                    }

                    break;
                default:
                    WriteSection(id, section.Bytes(section.Remaining), output);
                    break;
            }
        }
    }

    private static void Nest(byte id, BinaryReader section, ArrayBufferWriter<byte> output, Writer write)
    {
        var nested = new ArrayBufferWriter<byte>();
        write(section, nested);
        WriteSection(id, nested.WrittenSpan, output);
    }

    private static void WriteSection(byte id, ReadOnlySpan<byte> contents, ArrayBufferWriter<byte> output)
    {
        Span<byte> header = stackalloc byte[6];
        header[0] = id;
        var length = 1;
        var rest = (uint)contents.Length;
        do
        {
            header[length++] = (byte)((rest & 0x7f) | (rest > 0x7f ? 0x80u : 0u));
            rest >>= 7;
        }
        while (rest != 0);

        output.Write(header[..length]);
        output.Write(contents);
    }

    private delegate void Writer(BinaryReader section, ArrayBufferWriter<byte> output);
}
