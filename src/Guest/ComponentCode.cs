using System.Buffers.Binary;
using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Skiff.Guest;

/// <summary>
/// The file of a compiled component: the component itself without the code of its larger modules, and in front, as a custom section
/// (component model, Binary.md) after the preamble, how long the file is and which modules' compiled code belongs to it. So the
/// control wing, which knows no components, finds all that a guest needs by reading one block.
/// </summary>
public static class ComponentCode
{
    /// <summary>Most core modules of a component: each is a descriptor that a container inherits.</summary>
    public const int ModulesMax = 250;

    private const int PreambleLength = 8;
    private const int LengthBytes = sizeof(long);

    // Two bytes are enough for the longest: the section's size is written in a form of fixed length.
    private const int SizeBytes = 2;

    private static ReadOnlySpan<byte> Preamble => [0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00];

    private static ReadOnlySpan<byte> Name => "\u000askiff:code"u8;

    private static int PayloadOffset => PreambleLength + 1 + SizeBytes + Name.Length;

    /// <summary>The contents of the file.</summary>
    /// <param name="component">The component, cut down, in the binary format.</param>
    /// <param name="modules">Digests of its core modules, in the order of the link plan.</param>
    /// <exception cref="GuestException">There are too many modules.</exception>
    public static byte[] Compose(ReadOnlySpan<byte> component, IReadOnlyList<string> modules)
    {
        if (modules.Count > ModulesMax)
        {
            throw new GuestException(string.Create(
                CultureInfo.InvariantCulture, $"the component has {modules.Count} core modules; at most {ModulesMax} are possible"));
        }

        if (!component.StartsWith(Preamble))
        {
            throw new ArgumentException("not a component of the binary format", nameof(component));
        }

        var payload = LengthBytes + (modules.Count * ContentDigest.BytesLength);
        var file = new byte[component.Length + 1 + SizeBytes + Name.Length + payload];
        Preamble.CopyTo(file);
        var size = Name.Length + payload;
        file[PreambleLength + 1] = (byte)((size & 0x7f) | 0x80);
        file[PreambleLength + 2] = (byte)(size >> 7);
        Name.CopyTo(file.AsSpan(PreambleLength + 1 + SizeBytes));
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(PayloadOffset), file.Length);
        var rest = file.AsSpan(PayloadOffset + LengthBytes);
        foreach (var module in modules)
        {
            Convert.FromHexString(module, rest, out _, out var written);
            rest = rest[written..];
        }

        component[PreambleLength..].CopyTo(rest);
        return file;
    }

    /// <summary>Digests of the modules that belong to an open file; null if it is not whole, or no such file.</summary>
    public static IReadOnlyList<string>? TryReadModules(SafeFileHandle file)
    {
        var head = new byte[PayloadOffset + LengthBytes + (ModulesMax * ContentDigest.BytesLength)];
        var read = head.AsSpan(0, RandomAccess.Read(file, head, 0));
        if (read.Length < PayloadOffset + LengthBytes || !read.StartsWith(Preamble) || read[PreambleLength] != 0
            || !read[(PreambleLength + 1 + SizeBytes)..].StartsWith(Name))
        {
            return null;
        }

        var size = (read[PreambleLength + 1] & 0x7f) | (read[PreambleLength + 2] << 7);
        var digests = size - Name.Length - LengthBytes;
        if (digests < 0 || digests % ContentDigest.BytesLength != 0 || PayloadOffset + LengthBytes + digests > read.Length
            || BinaryPrimitives.ReadInt64LittleEndian(read[PayloadOffset..]) != RandomAccess.GetLength(file))
        {
            return null;
        }

        var modules = new string[digests / ContentDigest.BytesLength];
        for (var i = 0; i < modules.Length; i++)
        {
            modules[i] = Convert.ToHexStringLower(read.Slice(PayloadOffset + LengthBytes + (i * ContentDigest.BytesLength), ContentDigest.BytesLength));
        }

        return modules;
    }
}
