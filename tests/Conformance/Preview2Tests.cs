using Skiff.Functional;

namespace Skiff.Conformance;

/// <summary>WASI 0.2 by components of every toolchain.</summary>
public sealed class Preview2Tests
{
    // p1suite.wasm and rustsuite.wasm behind the adapter of the component toolchains.
    private const string Adapted = "p1suite-p2.wasm";
    private const string AdaptedRust = "rustsuite-p2.wasm";

    // BSD sockets of a wasi-libc made for WASI 0.2.
    private const string Sockets = "p2suite.wasm";

    // The interfaces themselves, by C without libc.
    private const string Interfaces = "interfaces.wasm";

    /// <summary>Test → how it ends there: what the adapter itself cannot do, whatever the host does.</summary>
    private static readonly IReadOnlyDictionary<string, string> Adapters = new Dictionary<string, string>
    {
        ["proc_exit-7"] = "=1",         // wasi:cli/exit knows only success and failure
        ["proc_exit-255"] = "=1",
        ["proc_raise"] = "unreachable",
        ["sock-on-files"] = "unreachable",
        ["many-descriptors"] = "=1",    // its table holds 128
        ["no-oflags"] = "=1",           // looks only at the bits that it knows
        ["poll_oneoff-past"] = "=1",    // subtracts now from a time before it
        ["exit"] = "=1",
        ["big-file"] = "unreachable",
        ["libc-memory"] = "unreachable",    // this wasi-libc takes the adapter's memory for free: mended in wasi-libc of 2023
    };

    public static Task<IReadOnlyCollection<TheoryDataRow<string, string>>> AdaptedTests() => BehindAdapterAsync(Adapted);

    public static Task<IReadOnlyCollection<TheoryDataRow<string, string>>> AdaptedRustTests() => BehindAdapterAsync(AdaptedRust);

    [Theory]
    [MemberData(nameof(AdaptedTests))]
    public Task Preview_1_behind_the_adapter_does_the_same(string test, string end) => Suite.PassesAsync(Adapted, test, end);

    [Theory]
    [MemberData(nameof(AdaptedRustTests))]
    public Task The_standard_library_of_Rust_works_behind_the_adapter(string test, string end) => Suite.PassesAsync(AdaptedRust, test, end);

    public static Task<IReadOnlyCollection<TheoryDataRow<string, string>>> InterfaceTests() => Suite.TestsAsync(Interfaces);

    [Theory]
    [MemberData(nameof(InterfaceTests))]
    public Task The_interfaces_do_what_the_specification_says(string test, string end) => Suite.PassesAsync(Interfaces, test, end);

    public static Task<IReadOnlyCollection<TheoryDataRow<string, string>>> SocketTests() => Suite.TestsAsync(Sockets);

    [Theory]
    [MemberData(nameof(SocketTests))]
    public Task Sockets_work_where_the_network_is_granted(string test, string end) =>
        Suite.PassesAsync(Sockets, test, end, "--net", "*", "--listen", "*");

    [Fact]
    public Task Without_a_grant_nothing_of_the_network_is_reached() => Suite.PassesAsync(Sockets, "denied", "");

    [Theory]
    [InlineData("args", "one two", "one\ntwo\n")]
    [InlineData("env", "", "SUITE=a=b\nEMPTY=\nUNICODE=zürich\n")]
    [InlineData("cat", "hello.txt", "hello\n\n")]
    [InlineData("stdin", "", "input\n")]
    [InlineData("random", "", "8\n")]
    public async Task JavaScript_calls_the_interfaces(string verb, string arguments, string expected)
    {
        using var folder = new WorkFolder();
        (await SkiffProgram.CompileAsync(Guest.Needed("js-command.wasm"))).Succeeded();
        var result = await SkiffProgram.RunWithInputAsync(
            "input",
            ["run", .. folder.Options, Guest.Needed("js-command.wasm"), verb, .. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        Assert.Equal(expected, result.Succeeded());
    }

    [Fact]
    public async Task JavaScript_that_throws_fails()
    {
        (await SkiffProgram.CompileAsync(Guest.Needed("js-command.wasm"))).Succeeded();
        var result = await SkiffProgram.RunAsync("run", Guest.Needed("js-command.wasm"), "fail");
        Assert.NotEqual(0, result.ExitCode);
    }

    private static async Task<IReadOnlyCollection<TheoryDataRow<string, string>>> BehindAdapterAsync(string guest) =>
    [
        .. (await Suite.TestsAsync(guest)).Select(row =>
            new TheoryDataRow<string, string>(row.Data.Item1, Adapters.GetValueOrDefault(row.Data.Item1, row.Data.Item2))),
    ];
}
