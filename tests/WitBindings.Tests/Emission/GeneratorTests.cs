using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Microsoft.CodeAnalysis.Text;

namespace Skiff.WitBindings.Tests.Emission;

/// <summary>The generator in a compilation of its own: what it makes compiles, and what it cannot make is an error at its place.</summary>
public sealed class GeneratorTests
{
    private static readonly CSharpParseOptions Options = new(LanguageVersion.Latest);

    private static readonly CSharpCompilation Empty = CSharpCompilation.Create(
        "Generated",
        references: ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(':')
            .Where(path => Path.GetFileName(path) is var name && (name.StartsWith("System.", StringComparison.Ordinal) || name.StartsWith("Skiff.", StringComparison.Ordinal) || name is "netstandard.dll" or "mscorlib.dll"))
            .Select(path => MetadataReference.CreateFromFile(path)),
        options: new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));

    [Fact]
    public void All_of_WASI_compiles_without_a_warning()
    {
        var files = Directory.GetFiles(Sources.Path("src/Wasi/wit"), "*.wit").Concat(Directory.GetFiles(Sources.Path("src/Http/wit"), "*.wit"));
        var driver = Run([.. files.Select(path => new WitText(path, File.ReadAllText(path), ("WitFeatures", "clocks-timezone,network-error-code informational-outbound-responses")))]);
        Assert.Empty(driver.GetRunResult().Diagnostics);
        Assert.Empty(Compiled(driver).GetDiagnostics().Where(found => found.Severity >= DiagnosticSeverity.Warning));
    }

    [Fact]
    public void Names_that_C_sharp_keeps_for_itself_compile()
    {
        var driver = Run(new WitText("a.wit", """
            package a:b;
            interface string-type {
              record record { record: u8, %string: string, class: option<u8>, item1: tuple<u8> }
              variant kind { kind(u8), case, to-string(kind2), equals, get-hash-code }
              variant kind2 { kind(string) }
              enum none { none, default }
              flags flag { none, all }
              resource %resource { constructor(call: u8) -> result<%resource, none>; self: func(self2: borrow<%resource>, result: u8, memory: list<string>) -> list<none>; }
              %func: func(call: record, memory: kind, slot: list<kind>, parameters: none, i: list<list<char>>, value: flag) -> kind;
              result: func(params: result<kind, list<list<list<u8>>>>) -> tuple<kind, kind2, option<option<record>>>;
            }
            """));
        Assert.Empty(driver.GetRunResult().Diagnostics);
        Assert.Empty(Compiled(driver).GetDiagnostics().Where(found => found.Severity >= DiagnosticSeverity.Warning));
    }

    [Fact]
    public void Types_that_two_interfaces_declare_get_their_names_before_them()
    {
        var driver = Run(new WitText("a.wit", """
            package a:b;
            interface one { variant error { other(string) } f: func() -> error; resource store { get: func(); } }
            interface two { enum error { bad } use one.{store as first}; g: func(a: borrow<first>) -> error; resource store; }
            interface network { resource network; open: func() -> network; }
            """));
        Assert.Empty(Compiled(driver).GetDiagnostics().Where(found => found.Severity >= DiagnosticSeverity.Warning));
        var text = Text(driver);
        Assert.Contains("record struct OneError", text, StringComparison.Ordinal);
        Assert.Contains("enum TwoError", text, StringComparison.Ordinal);
        Assert.Contains("TwoError G(IOneStore a)", text, StringComparison.Ordinal);
        Assert.Contains("interface INetworkFunctions", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Packages_of_another_assembly_are_only_named()
    {
        var driver = Run(
            new WitText("io.wit", "package wasi:io@0.2.12; interface poll { resource pollable; }", ("WitNamespace", "Skiff.Wasi.Bindings")),
            new WitText("a.wit", "package a:b; interface c { use wasi:io/poll@0.2.12.{pollable}; f: func() -> pollable; }"));
        Assert.Empty(driver.GetRunResult().Diagnostics);
        Assert.Contains("global::Skiff.Wasi.Bindings.Io.IPollable F();", Assert.Single(driver.GetRunResult().GeneratedTrees).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Packages_of_one_name_get_namespaces_of_their_own()
    {
        var driver = Run(
            new WitText("1.wit", "package a:b@1.0.0; interface i { enum e { x } f: func() -> e; }"),
            new WitText("2.wit", "package a:b@2.0.0-rc.1; interface i { use a:b/i@1.0.0.{e}; f: func() -> e; }"),
            new WitText("3.wit", "package c:b; interface i { f: func(); }"),
            new WitText("4.wit", "package c:d; interface i { f: func(); }"));
        Assert.Empty(driver.GetRunResult().Diagnostics);
        Assert.Empty(Compiled(driver).GetDiagnostics().Where(found => found.Severity >= DiagnosticSeverity.Warning));
        var text = Text(driver);
        Assert.All(["ABV1_0_0", "ABV2_0_0_rc_1", "CB", "D"], name => Assert.Contains($"namespace Made.Bindings.{name};", text, StringComparison.Ordinal));
    }

    [Fact]
    public void What_guests_export_has_types_but_no_host_interface()
    {
        var text = Text(Run(new WitText("a.wit", "package a:b; interface run { run: func() -> result; } world w { export run; }")));
        Assert.Contains("RunFunction", text, StringComparison.Ordinal);
        Assert.DoesNotContain("interface IRun", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("package a:b; interface i { f: func(a: b); }", "WIT002", 38, "'i' has no type 'b'")]
    [InlineData("package a:b; interface i { record r { a: r } }", "WIT002", 34, "the type 'r' contains itself")]
    [InlineData("package a:b; interface i { type a = list<option<a>>; }", "WIT002", 32, "the type 'a' contains itself")]
    [InlineData("package a:b; interface i { use j.{x}; }", "WIT002", 31, "there is no interface 'j'")]
    [InlineData("package a:b; interface i { type a = u8; f: func(x: borrow<a>); }", "WIT002", 51, "'a' is no resource")]
    [InlineData("package a:b; interface i { f: func(a: u8, a: u8); }", "WIT002", 42, "the parameter 'a' is declared twice")]
    [InlineData("package a:b; interface i { f: func(); f: func(); }", "WIT002", 23, "the function 'f' is declared twice")]
    [InlineData("package a:b; interface i { f: async func(); }", "WIT003", 27, "async functions are not bound yet")]
    [InlineData("package a:b; interface i { f: func(a: stream<u8>); }", "WIT003", 38, "stream is not bound yet")]
    [InlineData("package a:b; interface i { f: func() -> future; }", "WIT003", 40, "future is not bound yet")]
    [InlineData("package a:b; interface i { f: func(a: error-context); }", "WIT003", 38, "error-context is not bound yet")]
    [InlineData("package a:b; interface i { f: func(a: list<u8, 4>); }", "WIT003", 38, "list of fixed length is not bound yet")]
    [InlineData("package a:b; interface i { resource r { f: static async func(); } }", "WIT003", 40, "async functions are not bound yet")]
    [InlineData("interface i { }", "WIT002", 0, "no file of this folder names the package")]
    [InlineData("package a:b; interface i {", "WIT001", 26, "the file ends")]
    public void An_error_is_a_diagnostic_at_its_place(string text, string id, int column, string message)
    {
        var diagnostic = Assert.Single(Run(new WitText("folder/a.wit", text)).GetRunResult().Diagnostics);
        Assert.Equal(id, diagnostic.Id);
        Assert.Equal(DiagnosticSeverity.Error, diagnostic.Severity);
        Assert.Contains(message, diagnostic.GetMessage(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal);
        var span = diagnostic.Location.GetLineSpan();
        Assert.Equal(("folder/a.wit", 0, column), (span.Path, span.StartLinePosition.Line, span.StartLinePosition.Character));
    }

    [Fact]
    public void A_package_may_be_spread_over_a_folder()
    {
        var driver = Run(
            new WitText("p/a.wit", "package a:b@1.0.0; interface one { type t = u8; }"),
            new WitText("p/z.wit", "interface two { use one.{t}; f: func() -> t; }"));
        Assert.Empty(driver.GetRunResult().Diagnostics);
        Assert.Contains("a:b/two@1.0.0", Text(driver), StringComparison.Ordinal);
    }

    [Fact]
    public void The_order_of_the_files_does_not_matter()
    {
        WitText[] files = [.. Directory.GetFiles(Sources.Path("src/Wasi/wit"), "*.wit").Select(path => new WitText(path, File.ReadAllText(path)))];
        Assert.Equal(Text(Run(files)), Text(Run([.. files.Reverse()])));
    }

    [Fact]
    public void What_did_not_change_is_not_made_again()
    {
        var file = new WitText("a.wit", "package a:b; interface i { f: func(); }");
        var driver = Run(file);
        // Another C# file changes nothing; another comment in the .wit changes what is read, but not what is made of it.
        driver = driver.RunGenerators(Empty.AddSyntaxTrees(CSharpSyntaxTree.ParseText("class C;", Options)));
        Assert.All(Reasons(driver), reason => Assert.Contains(reason, Unchanged));
        var commented = new WitText("a.wit", "package a:b; interface i { f: func(); } // a comment");
        driver = driver.ReplaceAdditionalText(file, commented).RunGenerators(Empty);
        Assert.All(Reasons(driver), reason => Assert.Contains(reason, Unchanged));
        driver = driver.ReplaceAdditionalText(commented, new WitText("a.wit", "package a:b; interface i { g: func(); }")).RunGenerators(Empty);
        Assert.Contains(IncrementalStepRunReason.Modified, Reasons(driver));
    }

    private static readonly IncrementalStepRunReason[] Unchanged = [IncrementalStepRunReason.Cached, IncrementalStepRunReason.Unchanged];

    private static IEnumerable<IncrementalStepRunReason> Reasons(GeneratorDriver driver) =>
        driver.GetRunResult().Results[0].TrackedOutputSteps.SelectMany(step => step.Value).SelectMany(step => step.Outputs).Select(output => output.Reason);

    private static GeneratorDriver Run(params WitText[] files) => CSharpGeneratorDriver.Create(
        [new BindingGenerator().AsSourceGenerator()],
        files,
        Options,
        new Metadata(files),
        new GeneratorDriverOptions(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true)).RunGenerators(Empty);

    /// <summary>A compilation of what is generated for a WIT text, in the namespace <c>Made.Bindings</c>.</summary>
    internal static CSharpCompilation Compile(string wit)
    {
        var driver = Run(new WitText("a.wit", wit));
        Assert.Empty(driver.GetRunResult().Diagnostics);
        return Compiled(driver);
    }

    private static CSharpCompilation Compiled(GeneratorDriver driver) => Empty.AddSyntaxTrees(driver.GetRunResult().GeneratedTrees);

    private static string Text(GeneratorDriver driver) => string.Concat(
        driver.GetRunResult().GeneratedTrees.OrderBy(tree => tree.FilePath, StringComparer.Ordinal).Select(tree => tree.ToString()));

    private sealed class WitText(string path, string text, params (string Key, string Value)[] metadata) : AdditionalText
    {
        public override string Path => path;

        public IReadOnlyList<(string Key, string Value)> Items => metadata;

        public override SourceText GetText(CancellationToken cancellationToken = default) => SourceText.From(text);
    }

    private sealed class Metadata(WitText[] files) : AnalyzerConfigOptionsProvider
    {
        public override AnalyzerConfigOptions GlobalOptions { get; } = new Values([("build_property.RootNamespace", "Made")]);

        public override AnalyzerConfigOptions GetOptions(SyntaxTree tree) => GlobalOptions;

        public override AnalyzerConfigOptions GetOptions(AdditionalText textFile) => new Values(
            [.. (files.FirstOrDefault(file => file == textFile)?.Items ?? []).Select(item => ($"build_metadata.AdditionalFiles.{item.Key}", item.Value))]);
    }

    private sealed class Values((string Key, string Value)[] values) : AnalyzerConfigOptions
    {
        public override bool TryGetValue(string key, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out string? value)
        {
            value = Array.Find(values, item => item.Key == key).Value;
            return value is not null;
        }
    }
}
