using System.Buffers.Binary;
using Skiff.Guest;

namespace Skiff.Images;

/// <summary>The first eight bytes of a Wasm binary: magic, then version and layer (component-model, Binary.md, "preamble").</summary>
internal static class WasmPreamble
{
    public const int Length = 8;

    /// <summary>What the bytes announce; null when they are no Wasm binary of a known version.</summary>
    public static CodeKind? Detect(ReadOnlySpan<byte> content)
    {
        if (content.Length < Length || !content.StartsWith("\0asm"u8))
        {
            return null;
        }

        return (Version: BinaryPrimitives.ReadUInt16LittleEndian(content[4..]), Layer: BinaryPrimitives.ReadUInt16LittleEndian(content[6..])) switch
        {
            (1, 0) => CodeKind.Module,
            (13, 1) => CodeKind.Component,
            _ => null,
        };
    }

    /// <summary>Whether this is an ELF file: a native program, or code that Wasmtime compiled before (it writes ELF as well).</summary>
    public static bool IsNative(ReadOnlySpan<byte> content) => content.StartsWith("\u007fELF"u8);
}
