using System.Text;

namespace Skiff.Images.Pack;

/// <summary>
/// Names that a component imports and exports (component-model, Binary.md, "Import and Export Definitions"). Only these two
/// sections of the outermost component are read; whether the component is valid is the compiler's business.
/// </summary>
internal sealed record ComponentInterfaces(IReadOnlyList<string> Imports, IReadOnlyList<string> Exports)
{
    private const byte ImportSection = 10;
    private const byte ExportSection = 11;

    /// <exception cref="ImageException">The sections cannot be read.</exception>
    public static ComponentInterfaces Read(ReadOnlySpan<byte> component)
    {
        var imports = new List<string>();
        var exports = new List<string>();
        var reader = new Reader(component[WasmPreamble.Length..]);
        while (!reader.AtEnd)
        {
            var id = reader.Byte();
            var section = new Reader(reader.Take(reader.Unsigned()));
            if (id == ImportSection)
            {
                for (var count = section.Unsigned(); count > 0; count--)
                {
                    imports.Add(section.Name());
                    section.SkipExternDesc();
                }
            }
            else if (id == ExportSection)
            {
                for (var count = section.Unsigned(); count > 0; count--)
                {
                    exports.Add(section.Name());
                    section.SkipExported();
                }
            }
        }

        return new ComponentInterfaces(imports, exports);
    }

    private ref struct Reader(ReadOnlySpan<byte> bytes)
    {
        private const byte CoreSort = 0x00;
        private ReadOnlySpan<byte> _rest = bytes;

        public readonly bool AtEnd => _rest.IsEmpty;

        public byte Byte() => Take(1)[0];

        public ReadOnlySpan<byte> Take(uint count)
        {
            if (count > (uint)_rest.Length)
            {
                throw Malformed("it ends too early");
            }

            var taken = _rest[..(int)count];
            _rest = _rest[(int)count..];
            return taken;
        }

        // LEB128; also steps over a signed one whose value is of no interest.
        public uint Unsigned()
        {
            uint value = 0;
            for (var shift = 0; shift < 35; shift += 7)
            {
                var part = Byte();
                value |= (uint)(part & 0x7f) << shift;
                if (part < 0x80)
                {
                    return value;
                }
            }

            throw Malformed("a number has more than five bytes");
        }

        // importname' and exportname': 0x00 or 0x01, then the name.
        public string Name()
        {
            if (Byte() > 1)
            {
                throw Malformed("a name is of an unknown form");
            }

            return Encoding.UTF8.GetString(Take(Unsigned()));
        }

        public void SkipExternDesc()
        {
            switch (Byte())
            {
                // Core module: one more sort byte, then a type.
                case 0x00:
                    Byte();
                    Unsigned();
                    break;
                // Function, component, instance: a type.
                case 0x01 or 0x04 or 0x05:
                    Unsigned();
                    break;
                // Value: bound to a value, or of a type.
                case 0x02:
                    Byte();
                    Unsigned();
                    break;
                // Type: equal to another, or a resource of its own.
                case 0x03:
                    if (Byte() == 0x00)
                    {
                        Unsigned();
                    }

                    break;
                default:
                    throw Malformed("an import or export is of an unknown kind");
            }
        }

        public void SkipExported()
        {
            if (Byte() == CoreSort)
            {
                Byte();
            }

            Unsigned();
            if (Byte() == 0x01)
            {
                SkipExternDesc();
            }
        }

        private static ImageException Malformed(string how) => new($"the component's imports and exports cannot be read: {how}");
    }
}
