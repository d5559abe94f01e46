using Skiff.Components.Binary;

namespace Skiff.Components.Tests;

/// <summary>The components that tests/Guests makes with real toolchains; those whose toolchain is not here are left out.</summary>
internal static class RealComponents
{
    public static string Folder { get; } = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../guests"));

    public static IReadOnlyDictionary<string, byte[]> All { get; } = Directory.Exists(Folder)
        ? Directory.EnumerateFiles(Folder, "*.wasm")
            .Select(path => (Name: Path.GetFileName(path), Bytes: File.ReadAllBytes(path)))
            .Where(file => file.Bytes.AsSpan().StartsWith(ComponentParser.Preamble))
            .ToDictionary(file => file.Name, file => file.Bytes, StringComparer.Ordinal)
        : throw new DirectoryNotFoundException($"{Folder} is missing: run `make -C tests/Guests`");
}
