using Skiff.Components.Linking;

namespace Skiff.Components.Tests.Linking;

/// <summary>
/// wit-component's shim and fixup are left out where their use is proved, and only there: a module that merely looks like a shim (a
/// table, and functions that call through it) may have its table filled by any other, and a slot is what the fixup's active element
/// puts there, whatever the shim's export is called.
/// </summary>
public sealed class ElisionTests
{
    private const string Shim = """
        (core module $shim
          (type $t (func (param i32)))
          (table (export "$imports") 2 2 funcref)
          (func (export "0") (type $t) local.get 0 i32.const 0 call_indirect (type $t))
          (func (export "1") (type $t) local.get 0 i32.const 1 call_indirect (type $t)))
        """;

    private const string Fixup = """
        (core module $fixup
          (import "" "0" (func (param i32)))
          (import "" "1" (func (param i32)))
          (import "" "$imports" (table 2 2 funcref))
          (elem (i32.const 0) func 0 1))
        """;

    private const string Main = """
        (core module $main
          (import "w" "write" (func (param i32)))
          (import "a" "fd_write" (func (param i32)))
          (memory (export "memory") 1)
          (data (i32.const 0) "x")
          (func (export "realloc") (param i32 i32 i32 i32) (result i32) unreachable)
          (func (export "run")))
        """;

    private const string Adapter = """
        (core module $adapter
          (import "env" "memory" (memory 1))
          (import "h" "write" (func (param i32)))
          (func (export "fd_write") (param i32)))
        """;

    private const string Instances = """
        (core instance $s (instantiate $shim))
        (alias core export $s "0" (core func $s0))
        (alias core export $s "1" (core func $s1))
        (alias core export $s "$imports" (core table $table))
        (core instance $m (instantiate $main
          (with "w" (instance (export "write" (func $s0))))
          (with "a" (instance (export "fd_write" (func $s1))))))
        (alias core export $m "memory" (core memory $memory))
        (core func $write (canon lower (func $f) (memory $memory)))
        (core instance $a (instantiate $adapter
          (with "env" (instance $m))
          (with "h" (instance (export "write" (func $s0))))))
        (alias core export $a "fd_write" (core func $fd_write))
        (core instance (instantiate $fixup
          (with "" (instance (export "0" (func $write)) (export "1" (func $fd_write)) (export "$imports" (table $table))))))
        """;

    private const string End = """(func (export "run") (canon lift (core func $m "run")))""";

    private const string Host = """(import "f" (func $f (result (tuple u8 u8))))""";

    private static string Whole => Compose();

    [Fact]
    public void A_shim_that_a_fixup_fills_is_left_out()
    {
        var plan = ComponentText.Link(Whole);
        Assert.True(plan.IsElided);
        Assert.Equal(2, plan.CoreInstances.Count);
        Assert.Equal(2, plan.Modules.Count);
        var (main, adapter) = (plan.CoreInstances[0], plan.CoreInstances[1]);

        // The host's function directly, and the adapter's by a forward: the adapter is made after main.
        var lower = Assert.IsType<LowerImport>(main.Imports[0]);
        var forward = Assert.IsType<Forward>(main.Imports[1]);
        Assert.Equal("f", lower.Function.Name);
        Assert.Same(main, lower.Options.Memory!.Instance);
        Assert.Equal((adapter, "fd_write"), (forward.Target.Instance, forward.Target.Name));
        Assert.Equal("(i32) -> ()", forward.FunctionType.ToString());
        Assert.Same(lower, adapter.Imports[1]);
        Assert.True(main.IsPrelinkable);
        Assert.False(adapter.IsPrelinkable);
        Assert.True(adapter.IsLazy);
        Assert.False(main.IsLazy);
        Assert.True(plan.GuestsCallThroughHost);
        Assert.Equal(["fd_write", "memory", "run"], plan.CoreExports.Select(export => export.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_plain_path_keeps_everything_in_its_place()
    {
        var plan = ComponentText.Link(Whole, elide: false);
        Assert.False(plan.IsElided);
        Assert.Equal(4, plan.CoreInstances.Count);
        Assert.DoesNotContain(plan.CoreInstances, instance => instance.IsLazy);
        Assert.DoesNotContain(plan.Trampolines, trampoline => trampoline is Forward);
        Assert.All(plan.CoreInstances[1].Imports, item => Assert.Same(plan.CoreInstances[0], Assert.IsType<CoreExport>(item).Instance));
        Assert.False(plan.GuestsCallThroughHost);
    }

    [Theory]
    [InlineData("(func $go) (start $go)")]
    [InlineData("(data (i32.const 0) \"x\")")]
    [InlineData("(table 1 funcref) (elem (i32.const 0) func 0)")]
    [InlineData("(table 1 funcref)")]
    public void An_adapter_with_effects_is_made_in_its_order(string effect)
    {
        const string Export = "(func (export \"fd_write\") (param i32))";
        var plan = ComponentText.Link(Whole.Replace(Export, Export + effect, StringComparison.Ordinal));
        Assert.True(plan.IsElided);
        Assert.Equal(2, plan.CoreInstances.Count);
        Assert.False(plan.CoreInstances[1].IsLazy);
    }

    [Fact]
    public void An_adapter_whose_exports_another_module_imports_is_made_in_its_order()
    {
        var plan = ComponentText.Link(Compose(end: """
            (core module $user (import "" "fd_write" (func (param i32))))
            (core instance (instantiate $user (with "" (instance $a))))
            """));
        Assert.True(plan.IsElided);
        Assert.False(plan.CoreInstances[1].IsLazy);
        Assert.Same(plan.CoreInstances[1], Assert.IsType<CoreExport>(plan.CoreInstances[2].Imports[0]).Instance);
    }

    [Fact]
    public void A_module_made_after_the_adapter_gets_its_function_itself()
    {
        var plan = ComponentText.Link(Compose(end: """
            (core module $user (import "" "1" (func (param i32))))
            (core instance (instantiate $user (with "" (instance $s))))
            """));
        Assert.True(plan.IsElided);
        Assert.Same(plan.CoreInstances[1], Assert.IsType<CoreExport>(plan.CoreInstances[2].Imports[0]).Instance);
        Assert.False(plan.CoreInstances[1].IsLazy);
    }

    [Fact]
    public void A_destructor_behind_the_shim_is_found()
    {
        // wit-component gives resources that main exports their destructor this way, because main imports resource.new.
        var plan = ComponentText.Link(Compose(host: Host + """
            (core module $shim2
              (type $t (func (param i32)))
              (table (export "t") 1 1 funcref)
              (func (export "d") (type $t) local.get 0 i32.const 0 call_indirect (type $t)))
            (core instance $s2 (instantiate $shim2))
            (type $r (resource (rep i32) (dtor (core func $s2 "d"))))
            """, end: """
            (core module $dtor (func (export "d") (param i32)))
            (core instance $d (instantiate $dtor))
            (core module $fixup2 (import "" "d" (func (param i32))) (import "" "t" (table 1 funcref)) (elem (i32.const 0) func 0))
            (core instance (instantiate $fixup2 (with "" (instance (export "d" (func $d "d")) (export "t" (table $s2 "t"))))))
            """));
        Assert.True(plan.IsElided);
        Assert.Equal("d", Assert.IsType<CoreExport>(plan.GuestResources[0].Destructor).Name);
        Assert.Equal(3, plan.CoreInstances.Count);
    }

    public static TheoryData<string, string, string> Doubtful => new()
    {
        { "another module is given the table", "", "(core module $x (import \"\" \"$imports\" (table 1 funcref))) (core instance (instantiate $x (with \"\" (instance $s))))" },
        { "another module fills the table", "", "(core module $x (import \"\" \"$imports\" (table 1 funcref)) (func $g (param i32)) (elem (i32.const 0) func $g)) (core instance (instantiate $x (with \"\" (instance $s))))" },
        { "the table is filled twice", "", "(core instance (instantiate $fixup (with \"\" (instance (export \"0\" (func $write)) (export \"1\" (func $fd_write)) (export \"$imports\" (table $table))))))" },
        { "a slot stays empty", "(elem (i32.const 0) func 0 1)|(elem (i32.const 0) func 0)", "" },
        { "the segment lies elsewhere", "(elem (i32.const 0) func 0 1)|(elem (i32.const 1) func 0 1)", "" },
        { "the segment is not active", "(elem (i32.const 0) func 0 1)|(elem func 0 1)", "" },
        { "the segment holds null", "(elem (i32.const 0) func 0 1)|(elem (i32.const 0) funcref (ref.func 0) (ref.null func))", "" },
        { "the fixup starts something", "(elem (i32.const 0) func 0 1)|(elem (i32.const 0) func 0 1) (func $go) (start $go)", "" },
        { "the fixup exports something", "(elem (i32.const 0) func 0 1)|(elem (i32.const 0) func 0 1) (export \"e\" (func 0))", "" },
        { "the fixup has memory", "(elem (i32.const 0) func 0 1)|(elem (i32.const 0) func 0 1) (memory 1)", "" },
        { "there are two segments", "(elem (i32.const 0) func 0 1)|(elem (i32.const 0) func 0) (elem (i32.const 1) func 1)", "" },
        { "a slot is called with another type", "(func (export \"fd_write\") (param i32))|(func (export \"fd_write\") (param i64))~(import \"\" \"1\" (func (param i32)))|(import \"\" \"1\" (func (param i64)))", "" },
        { "the shim does something else", "local.get 0 i32.const 1 call_indirect (type $t)|local.get 0 i32.const 1 call_indirect (type $t) nop", "" },
        { "the shim has a local", "local.get 0 i32.const 1 call_indirect (type $t)|(local i32) local.get 0 i32.const 1 call_indirect (type $t)", "" },
        { "the shim fills its table", "(table (export \"$imports\") 2 2 funcref)|(table (export \"$imports\") 2 2 funcref) (elem (i32.const 0) func 0)", "" },
        { "the shim exports its memory", "(table (export \"$imports\") 2 2 funcref)|(table (export \"$imports\") 2 2 funcref) (memory (export \"m\") 1)", "" },
        { "the slots hold the shim itself", "(export \"0\" (func $write))|(export \"0\" (func $s1))", "" },
    };

    [Theory]
    [MemberData(nameof(Doubtful))]
    public void A_shim_stays_where_its_use_is_not_proved(string because, string change, string more)
    {
        var text = Compose(end: more);
        foreach (var step in change.Length == 0 ? [] : change.Split('~'))
        {
            var (from, to) = (step.Split('|')[0], step.Split('|')[1]);
            Assert.Contains(from, text);
            text = text.Replace(from, to, StringComparison.Ordinal);
        }

        var plan = ComponentText.Link(text);
        Assert.False(plan.IsElided, because);
        Assert.Equal(ComponentText.Link(text, elide: false).CoreInstances.Count, plan.CoreInstances.Count);
        Assert.DoesNotContain(plan.Trampolines, trampoline => trampoline is Forward);
    }

    [Fact]
    public void Each_instance_of_a_component_has_its_own_shim()
    {
        var inner = Compose(host: "(import \"f\" (func $f (result (tuple u8 u8))))");
        var plan = ComponentText.Link($"""
            (component
              (import "f" (func $f (result (tuple u8 u8))))
              (component $c {inner["(component".Length..]}
              (instance $a (instantiate $c (with "f" (func $f))))
              (instance $b (instantiate $c (with "f" (func $f))))
              (export "a" (func $a "run")))
            """);
        Assert.True(plan.IsElided);
        Assert.Equal(4, plan.CoreInstances.Count);
        Assert.Equal(2, plan.Modules.Count);
        Assert.Equal([1, 1, 2, 2], plan.CoreInstances.Select(instance => instance.Owner.Index));
        Assert.Same(plan.CoreInstances[3], Assert.IsType<Forward>(plan.CoreInstances[2].Imports[1]).Target.Instance);
    }

    private static string Compose(string host = Host, string end = "") =>
        $"(component {host} {Shim} {Main} {Adapter} {Fixup} {Instances} {End} {end})";
}
