namespace Skiff.Conformance;

/// <summary>Each function of WASI Preview 1 and each errno that a user meets, by a guest made with clang and wasi-libc.</summary>
public sealed class Preview1Tests
{
    private const string Module = "p1suite.wasm";
    private const string Rust = "rustsuite.wasm";

    public static Task<IReadOnlyCollection<TheoryDataRow<string, string>>> Tests() => Suite.TestsAsync(Module);

    public static Task<IReadOnlyCollection<TheoryDataRow<string, string>>> RustTests() => Suite.TestsAsync(Rust);

    [Theory]
    [MemberData(nameof(Tests))]
    public Task Preview_1_does_what_the_specification_says(string test, string end) => Suite.PassesAsync(Module, test, end);

    [Theory]
    [MemberData(nameof(RustTests))]
    public Task The_standard_library_of_Rust_works(string test, string end) => Suite.PassesAsync(Rust, test, end);
}
