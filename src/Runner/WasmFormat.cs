using System.Globalization;
using Skiff.Engine;
using Skiff.Guest;

namespace Skiff.Runner;

/// <summary>What a file holds, told by its first bytes: the name of a file says nothing that can be relied on.</summary>
public static class WasmFormat
{
    /// <summary>Largest text in bytes: its parser builds a tree many times as large.</summary>
    public const int TextBytesMax = 32 << 20;

    // core specification, "Modules": magic, version 1. Component model Binary.md: magic, version 0x0d, layer 1.
    private const int PreambleLength = 8;

    private static ReadOnlySpan<byte> Magic => "\0asm"u8;

    private static ReadOnlySpan<byte> ModuleVersion => [1, 0, 0, 0];

    private static ReadOnlySpan<byte> ComponentVersion => [0x0d, 0, 1, 0];

    private static ReadOnlySpan<byte> Gzip => [0x1f, 0x8b];

    /// <summary>Whether bytes are to be taken as the text format: the first character that is not white space opens a form or a comment.</summary>
    public static bool IsText(ReadOnlySpan<byte> content)
    {
        var first = content.TrimStart(" \t\r\n"u8);
        return first.StartsWith("("u8) || first.StartsWith(";;"u8);
    }

    /// <summary>The binary format of what may be text.</summary>
    /// <exception cref="GuestException">The text is too long.</exception>
    /// <exception cref="EngineException">The text has an error; the message names line and column.</exception>
    public static ReadOnlyMemory<byte> ToBinary(ReadOnlyMemory<byte> content)
    {
        if (!IsText(content.Span))
        {
            return content;
        }

        return content.Length <= TextBytesMax
            ? WasmEngine.FromText(content.Span)
            : throw new GuestException(string.Create(
                CultureInfo.InvariantCulture,
                $"a text of {content.Length} bytes; at most {TextBytesMax} are read as text, give the binary format"));
    }

    /// <summary>Core module or component, of the binary format.</summary>
    /// <exception cref="GuestException">It is neither; the message tells what it looks like.</exception>
    public static CodeKind KindOf(ReadOnlySpan<byte> content)
    {
        if (content.Length >= PreambleLength && content.StartsWith(Magic))
        {
            var version = content[Magic.Length..PreambleLength];
            return version.SequenceEqual(ModuleVersion) ? CodeKind.Module
                : version.SequenceEqual(ComponentVersion) ? CodeKind.Component
                : throw new GuestException($"WebAssembly of version {Convert.ToHexStringLower(version)}, which this engine does not know");
        }

        throw new GuestException(Refuse(content));
    }

    private static string Refuse(ReadOnlySpan<byte> content)
    {
        if (content.IsEmpty)
        {
            return "it is empty";
        }

        if (CompiledFile.IsCompiledCode(content))
        {
            return "it is native code (ELF: a program, or a module compiled beforehand); Skiff compiles modules itself and never "
                + "runs native code from an image or a file: give it the .wasm";
        }

        if (content.StartsWith(Gzip))
        {
            return "it is compressed with gzip; decompress it first";
        }

        if (Magic.StartsWith(content) || content.StartsWith(Magic))
        {
            return $"it ends after {content.Length} bytes, within the {PreambleLength} bytes of a WebAssembly preamble";
        }

        var start = Convert.ToHexStringLower(content[..Math.Min(content.Length, Magic.Length)]);
        return $"it begins with {start}: neither WebAssembly (0061736d) nor its text format";
    }
}
