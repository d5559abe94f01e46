using Skiff.WitBindings.Syntax;

namespace Skiff.WitBindings.Tests.Syntax;

public sealed class ParserTests
{
    [Fact]
    public void A_whole_file_is_read()
    {
        var file = WitParser.Parse("a.wit", """
            // A comment, and /* one inside */ of it.
            package my:pack@1.2.3-rc.1+b2;
            /* a /* nested */ comment */
            use wasi:io/streams@0.2.12 as s;
            use other;
            /// Documented
            /// twice.
            @since(version = 1.0.0)
            interface things {
              use wasi:io/poll@0.2.12.{pollable, pollable as waiter,};
              type t = list<option<result<_, tuple<u8, string>>>>;
              @deprecated(version = 2.0.0)
              record r { %record: u8, b: own-thing, }
              flags f { a, b }
              resource own-thing;
              resource x {
                constructor(a: u32);
                m: func() -> result;
                s: static func(x: borrow<x>);
              }
              %interface: func(%u8: char);
            }
            world w {
              import things;
              export run: func();
              import inline: interface { f: func(); }
              include wasi:cli/imports@0.2.12 with { a as b };
              export wasi:http/incoming-handler@0.2.12;
            }
            """);
        Assert.Null(file.Problem);
        Assert.Equal(new PackageName("my", "pack", "1.2.3-rc.1+b2"), file.Package);
        Assert.Equal(["s", "other"], file.Uses.Select(use => use.As));
        var things = Assert.Single(file.Interfaces);
        Assert.Equal("Documented\ntwice.", things.Docs);
        Assert.Equal(["pollable", "waiter"], things.Uses[0].Names.Select(name => name.As));
        Assert.Equal(["t", "r", "f", "own-thing", "x"], things.Types.Select(type => type.Name));
        Assert.Equal("interface", Assert.Single(things.Functions).Name);
        var x = Assert.IsType<ResourceDeclaration>(things.Types[4]);
        Assert.Equal([FunctionKind.Constructor, FunctionKind.Method, FunctionKind.Static], x.Functions.Select(function => function.Kind));
        var world = Assert.Single(file.Worlds);
        Assert.Equal("things", Assert.Single(world.Imports).Interface);
        Assert.Equal("incoming-handler", Assert.Single(world.Exports).Interface);
    }

    [Theory]
    [InlineData("package a:b", 0, 11, "expected ';', but the file ends")]
    [InlineData("package a:b@1.2;", 0, 12, "expected a version")]
    [InlineData("package a:b;\ninterface i { f: func() }", 1, 24, "expected ';', not '}'")]
    [InlineData("interface i {\n  f: fun();\n}", 1, 5, "expected 'func', not 'fun'")]
    [InlineData("interface i { x: func(a: lIst<u8>); }", 0, 25, "'lIst' is no identifier")]
    [InlineData("interface i { record r { } }", 0, 21, "'r' is empty")]
    [InlineData("interface i { a-: func(); }", 0, 14, "'a-' is no identifier")]
    [InlineData("interface i { 1a: func(); }", 0, 14, "expected a name, not '1'")]
    [InlineData("interface i { $ }", 0, 14, "unexpected character '$'")]
    [InlineData("\n/* never closed", 1, 0, "this comment has no end")]
    [InlineData("@soon(version = 1.0.0) interface i { }", 0, 1, "unknown gate @soon")]
    [InlineData("package a:b { interface i { } }", 0, 12, "nested packages are not read")]
    [InlineData("interface", 0, 9, "expected a name, but the file ends")]
    [InlineData("interface i {", 0, 13, "expected a name, but the file ends")]
    [InlineData("world w { import a", 0, 18, "expected ';', but the file ends")]
    [InlineData("nonsense", 0, 0, "expected 'use', 'interface' or 'world', not 'nonsense'")]
    [InlineData("interface i { f: func(a: list<u8, x>); }", 0, 34, "expected the number of elements, not 'x'")]
    public void An_error_names_its_place(string text, int line, int column, string message)
    {
        var problem = WitParser.Parse("a.wit", text).Problem;
        Assert.NotNull(problem);
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
        Assert.Equal(("a.wit", line, column), (problem.Place.File, problem.Place.Line, problem.Place.Column));
    }

    [Fact]
    public void Deep_types_are_refused_rather_than_overflow_the_stack()
    {
        var type = string.Concat(Enumerable.Repeat("option<", 100_000)) + "u8" + new string('>', 100_000);
        Assert.Contains("nested deeper", WitParser.Parse("a.wit", $"interface i {{ type t = {type}; }}").Problem!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Equal_text_gives_equal_nodes()
    {
        const string Text = "package a:b; interface i { record r { a: list<tuple<u8, string>> } f: func(r: r) -> result<_, r>; }";
        Assert.Equal(WitParser.Parse("a.wit", Text), WitParser.Parse("a.wit", Text));
        Assert.Equal(WitParser.Parse("a.wit", Text).GetHashCode(), WitParser.Parse("a.wit", Text).GetHashCode());
        Assert.NotEqual(WitParser.Parse("a.wit", Text), WitParser.Parse("a.wit", Text.Replace("u8", "s8")));
    }

    [Fact]
    public void Broken_files_end_in_a_problem_or_a_file()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var text = File.ReadAllText(Sources.Path("tests/WitBindings.Tests/wit/sample.wit"));
        for (var round = 0; round < 3_000; round++)
        {
            var at = random.Next(text.Length);
            var broken = random.Next(3) switch
            {
                0 => text[..at],
                1 => text.Remove(at, 1),
                _ => text.Insert(at, "{}()<>=,;:./@_*-%\n \""[random.Next(20)].ToString()),
            };
            var file = WitParser.Parse("a.wit", broken);
            Assert.True(file.Problem is null || file.Problem.Message.Length > 0, $"seed {seed}");
        }
    }
}
