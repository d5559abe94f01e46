namespace Skiff.Images.Tests;

/// <summary>Smallest binaries: what an image is made of, here, is only looked at from outside.</summary>
internal static class Wasm
{
    public static byte[] Module => [0, .. "asm"u8, 1, 0, 0, 0];

    public static byte[] Component => [0, .. "asm"u8, 13, 0, 1, 0];

    public static byte[] Native => [0x7f, .. "ELF"u8, 2, 1, 1, 0, 0];
}
